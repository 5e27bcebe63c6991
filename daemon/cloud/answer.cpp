#include "cloud/answer.hpp"

#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "cloud/base64.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "http/https_client.hpp"

namespace renewd::cloud {
namespace {

namespace json = boost::json;
using certificate::Format;
using certificate::Keystore;

// Gravitee's console login looks the key up under this name; OpenSSL's default ("1") breaks it.
constexpr std::string_view kDefaultAlias = "cockpit-client";

// Some forty times what a gateway's has. Parsed, the smallest of ASN.1's parts take a hundred times their size: this
// much stays below 64 MB.
constexpr std::size_t kKeystoreLimit = std::size_t{512} * 1024;

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  return text;
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    return trimmed(text.substr(1, text.size() - 2));
  }
  return text;
}

bool is_pem(std::string_view text) {
  return text.find("-----BEGIN ") != std::string_view::npos;
}

// PEM as is, or base64 taken off.
std::optional<std::string> decode_text(std::string_view text) {
  text = unquoted(trimmed(without_byte_order_mark(text)));
  if (is_pem(text)) {
    return std::string(text);
  }
  return decode_base64(text);
}

struct Member {
  std::string name;
  std::string decoded;
};

void collect_members(const json::object& object, const std::string& prefix, bool nested, std::vector<Member>& members) {
  for (const auto& [key, value] : object) {
    const std::string name = prefix + std::string(key);
    if (const auto* text = value.if_string()) {
      if (auto decoded = decode_text(*text)) {
        members.push_back({name, std::move(*decoded)});
      }
    } else if (const auto* inner = value.if_object(); inner != nullptr && !nested) {
      collect_members(*inner, name + ".", true, members);
    }
  }
}

std::string member_names(const json::object& object) {
  std::string names;
  for (const auto& [key, value] : object) {
    if (names.size() > 200) {
      break;  // enough to tell
    }
    names += (names.empty() ? "" : ", ") + printable(std::string(key), 40);
  }
  return printable(names, 200);
}

// Short words such as "OK" are base64, too: what looks like a keystore goes before what merely decodes.
Result<std::string> decode_object(const json::object& object) {
  std::vector<Member> members;
  collect_members(object, "", false, members);
  std::vector<Member> keystores;
  for (const auto& member : members) {
    if (certificate::detect_format(member.decoded)) {
      keystores.push_back(member);
    }
  }
  auto& found = keystores.empty() ? members : keystores;
  if (found.size() == 1) {
    return std::move(found.front().decoded);
  }
  if (found.empty()) {
    return rejection(RejectionReason::not_base64,
                     fmt::format("reading the answer: a JSON object without a base64 member; its members: {}",
                                 object.empty() ? "none" : member_names(object)));
  }
  std::string names;
  for (const auto& member : found) {
    if (names.size() > 200) {
      break;  // enough to tell
    }
    names += (names.empty() ? "" : ", ") + printable(member.name, 40);
  }
  return rejection(RejectionReason::unknown_format,
                   fmt::format("reading the answer: a JSON object with {} base64 members ({}); it is unclear which one "
                               "is the keystore",
                               found.size(), printable(names, 200)));
}

// The JSON value of an answer that is JSON; nothing for one that is not (quoted base64 with raw line breaks is none).
std::optional<json::value> parse_json(std::string_view text) {
  if (!text.starts_with('{') && !text.starts_with('"') && !text.starts_with('[')) {
    return std::nullopt;
  }
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error) {
    return std::nullopt;
  }
  return value;
}

Error explain(const certificate::KeystoreError& error, Format format) {
  const std::string message =
      fmt::format("opening the answer ({}): {}", certificate::display_name(format), error.message);
  switch (error.problem) {
    case certificate::KeystoreProblem::wrong_password:
      return rejection(RejectionReason::wrong_password, message).value();
    case certificate::KeystoreProblem::no_certificate:
      return rejection(RejectionReason::no_certificate, message).value();
    case certificate::KeystoreProblem::unknown_format:
    case certificate::KeystoreProblem::damaged:
      return rejection(RejectionReason::unknown_format, message).value();
  }
  return rejection(RejectionReason::unknown_format, message).value();
}

Result<Keystore> open_answer(std::string_view bytes, const Secret& password) {
  if (bytes.size() > kKeystoreLimit) {
    return rejection(RejectionReason::too_large,
                     fmt::format("opening the answer: {} bytes are too many for a keystore", bytes.size()));
  }
  const auto format = certificate::detect_format(bytes);
  if (!format) {
    return rejection(RejectionReason::unknown_format, "opening the answer: neither PKCS#12, PEM, DER nor PKCS#7");
  }
  if (*format == Format::jks) {
    return rejection(RejectionReason::unknown_format,
                     "opening the answer: a JKS keystore, whose key the daemon cannot read; expected PKCS#12");
  }
  auto opened = certificate::open_keystore(bytes, password);
  if (!opened) {
    return tl::unexpected(explain(opened.error(), *format));
  }
  return std::move(*opened);
}

// The key for a certificate that came without one.
Result<certificate::PrivateKey> installed_key_for(const certificate::Certificate& renewed, const Keystore& installed) {
  if (!renewed.same_public_key(installed.certificate)) {
    return rejection(RejectionReason::key_mismatch,
                     fmt::format("checking the answer: certificate {} came without a key and does not match the "
                                 "installed key (of certificate {})",
                                 renewed.serial(), installed.certificate.serial()));
  }
  if (!installed.key) {
    return rejection(RejectionReason::no_key,
                     fmt::format("checking the answer: certificate {} came without a key, and the daemon cannot read "
                                 "the installed key from a {} file",
                                 renewed.serial(), certificate::display_name(installed.format)));
  }
  return *installed.key;
}

Result<Candidate> reopened(std::string bytes, const Secret& password) {
  auto keystore = certificate::open_keystore(bytes, password);
  if (!keystore) {
    return failure(ErrorKind::bad_answer, "opening the new keystore: " + keystore.error().message);
  }
  return Candidate{std::move(bytes), std::move(*keystore)};
}

Result<Candidate> build(const Keystore& answer, const certificate::PrivateKey& key, const Keystore& installed,
                        const Secret& password) {
  // A certificate that came alone was issued by the same authority more often than not: its chain is then known.
  const bool same_issuer = answer.certificate.issuer() == installed.certificate.issuer();
  auto chain = answer.chain.empty() && same_issuer ? installed.chain : answer.chain;
  // An earlier certificate for the same key is not part of the chain, and a reader that goes by order may take it.
  std::erase_if(chain, [&](const auto& other) { return other.same_public_key(answer.certificate); });
  Result<std::string> bytes;
  if (installed.format == Format::pem) {
    bytes = write_pem(answer.certificate, chain, key, installed.encrypted_key ? password : Secret());
  } else {
    const std::string alias = installed.alias.empty() ? std::string(kDefaultAlias) : installed.alias;
    bytes = write_pkcs12(answer.certificate, chain, key, alias, password);
  }
  if (!bytes) {
    return tl::unexpected(std::move(bytes.error()));
  }
  return reopened(std::move(*bytes), password);
}

// Whether the answer is already the file that the gateway expects, and the gateway takes its certificate out of it.
bool installable_as_is(const Keystore& answer, const Keystore& installed) {
  if (answer.ambiguous) {
    return false;
  }
  if (installed.format == Format::pem) {
    return answer.format == Format::pem && answer.encrypted_key == installed.encrypted_key;
  }
  return answer.format == Format::pkcs12;
}

}  // namespace

Result<std::string> decode_answer(std::string_view body) {
  if (body.size() > http::kBodyLimit) {
    return rejection(RejectionReason::too_large,
                     fmt::format("reading the answer: {} bytes are too many for a keystore", body.size()));
  }
  const std::string_view text = trimmed(without_byte_order_mark(body));
  if (text.empty()) {
    return rejection(RejectionReason::not_base64, "reading the answer: it is empty");
  }
  if (const auto value = parse_json(text)) {
    if (const auto* object = value->if_object()) {
      return decode_object(*object);
    }
    if (const auto* string = value->if_string()) {
      if (auto decoded = decode_text(*string)) {
        return std::move(*decoded);
      }
    }
  } else if (auto decoded = decode_text(text)) {
    return std::move(*decoded);
  } else if (certificate::detect_format(body)) {
    // Not documented, but nothing is lost by it: the raw bytes, judged like any other answer.
    return std::string(body);
  }
  // Not a word of it is repeated: it may hold a key or a token that somebody mangled.
  return rejection(RejectionReason::not_base64,
                   fmt::format("reading the answer: its {} bytes are neither base64 nor PEM", body.size()));
}

Result<Candidate> read_answer(std::string_view body, const Keystore& installed, const Secret& password) {
  TRY_LET(auto bytes, decode_answer(body));
  auto answer = open_answer(bytes, password);
  if (!answer) {
    return tl::unexpected(std::move(answer.error()));
  }
  if (answer->key) {
    if (!answer->certificate.belongs_to(*answer->key)) {
      return rejection(RejectionReason::key_mismatch,
                       fmt::format("checking the answer: certificate {} does not match the key that came with it",
                                   answer->certificate.serial()));
    }
    if (installable_as_is(*answer, installed)) {
      return Candidate{std::move(bytes), std::move(*answer)};
    }
    return build(*answer, *answer->key, installed, password);
  }
  if (!answer->unread_key.empty()) {
    // Its own key was left unread, and no other belongs to it.
    return rejection(RejectionReason::untrusted, fmt::format("checking the answer: certificate {} came with {}",
                                                             answer->certificate.serial(), answer->unread_key));
  }
  answer = with_public_key_of(installed.certificate, std::move(*answer));
  TRY_LET(auto key, installed_key_for(answer->certificate, installed));
  return build(*answer, key, installed, password);
}

}  // namespace renewd::cloud
