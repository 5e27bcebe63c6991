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

// Gravitee's console login searches for this alias, so OpenSSL's default ("1") would break it.
constexpr std::string_view kDefaultAlias = "cockpit-client";

// About forty times the usual size. Parsing ASN.1 may take a hundred times as much memory, which is below 64 MB.
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

// Accepts PEM or base64.
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

// For messages.
template <typename Range, typename Name>
std::string joined_names(const Range& range, Name name_of) {
  std::string names;
  for (const auto& element : range) {
    names += (names.empty() ? "" : ", ") + printable(name_of(element), 40);
    if (names.size() > 200) {
      break;
    }
  }
  return printable(names, 200);
}

// Short words such as "OK" are valid base64, so members that are keystores take precedence.
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
                                 object.empty() ? "none" : joined_names(object, [](const auto& member) {
                                   return std::string_view(member.key());
                                 })));
  }
  return rejection(RejectionReason::unknown_format,
                   fmt::format("reading the answer: a JSON object with {} base64 members ({}); it is unclear which one "
                               "is the keystore",
                               found.size(), joined_names(found, [](const Member& member) { return member.name; })));
}

// Nothing if `text` is not valid JSON, such as quoted base64 with raw line breaks.
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

RejectionReason reason_for(certificate::KeystoreProblem problem) {
  switch (problem) {
    case certificate::KeystoreProblem::wrong_password:
      return RejectionReason::wrong_password;
    case certificate::KeystoreProblem::no_certificate:
      return RejectionReason::no_certificate;
    case certificate::KeystoreProblem::unknown_format:
    case certificate::KeystoreProblem::damaged:
      return RejectionReason::unknown_format;
  }
  return RejectionReason::unknown_format;
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
    return rejection(
        reason_for(opened.error().problem),
        fmt::format("opening the answer ({}): {}", certificate::display_name(*format), opened.error().message));
  }
  return std::move(*opened);
}

// For a certificate that came without a key.
Result<certificate::PrivateKey> installed_key_for(const certificate::Certificate& renewed, const Keystore& installed,
                                                  const InstalledKey& installed_key) {
  if (!renewed.same_public_key(installed.certificate)) {
    return rejection(RejectionReason::key_mismatch,
                     fmt::format("checking the answer: certificate {} came without a key and does not match the "
                                 "installed key (of certificate {})",
                                 renewed.serial(), installed.certificate.serial()));
  }
  auto key = installed_key();
  if (!key) {
    return rejection(RejectionReason::no_key,
                     fmt::format("checking the answer: certificate {} came without a key, and the daemon cannot read "
                                 "the installed key from a {} file",
                                 renewed.serial(), certificate::display_name(installed.format)));
  }
  return std::move(*key);
}

Result<Candidate> build(const Keystore& answer, const certificate::PrivateKey& key, const Keystore& installed,
                        const Secret& password) {
  // A certificate that came without a chain usually has the same issuer, so the installed chain applies.
  const bool same_issuer = answer.certificate.issuer() == installed.certificate.issuer();
  auto chain = answer.chain.empty() && same_issuer ? installed.chain : answer.chain;
  // Remove earlier certificates for the same key, since a reader might choose one of them.
  std::erase_if(chain, [&](const auto& other) { return other.same_public_key(answer.certificate); });
  const std::string alias = installed.alias.empty() ? std::string(kDefaultAlias) : installed.alias;
  TRY_LET(auto bytes, installed.format == Format::pem
                          ? write_pem(answer.certificate, chain, key, installed.encrypted_key ? password : Secret())
                          : write_pkcs12(answer.certificate, chain, key, alias, password));
  auto keystore = certificate::open_keystore(bytes, password);
  if (!keystore) {
    return failure(ErrorKind::bad_answer, "opening the new keystore: " + keystore.error().message);
  }
  return Candidate{std::move(bytes), std::move(*keystore)};
}

// Whether the gateway can use the answer unchanged.
bool installable_unchanged(const Keystore& answer, const Keystore& installed) {
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
    // A keystore without an encoding.
    return std::string(body);
  }
  // Do not quote the answer, which may contain a key or a token.
  return rejection(RejectionReason::not_base64,
                   fmt::format("reading the answer: its {} bytes are neither base64 nor PEM", body.size()));
}

bool is_whole_answer(std::string_view body) {
  const auto decoded = decode_answer(body);
  return decoded && certificate::is_whole_der(*decoded);
}

Result<Candidate> read_answer(std::string_view body, const Keystore& installed, const Secret& password,
                              const InstalledKey& installed_key) {
  TRY_LET(auto bytes, decode_answer(body));
  TRY_LET(auto answer, open_answer(bytes, password));
  if (answer.key) {
    if (!answer.certificate.belongs_to(*answer.key)) {
      return rejection(RejectionReason::key_mismatch,
                       fmt::format("checking the answer: certificate {} does not match the key that came with it",
                                   answer.certificate.serial()));
    }
    if (installable_unchanged(answer, installed)) {
      return Candidate{std::move(bytes), std::move(answer)};
    }
    return build(answer, *answer.key, installed, password);
  }
  if (!answer.unread_key.empty()) {
    // Its key was not read, so no other key can match.
    return rejection(RejectionReason::untrusted, fmt::format("checking the answer: certificate {} came with {}",
                                                             answer.certificate.serial(), answer.unread_key));
  }
  answer = with_public_key_of(installed.certificate, std::move(answer));
  TRY_LET(auto key, installed_key_for(answer.certificate, installed, installed_key));
  return build(answer, key, installed, password);
}

}  // namespace renewd::cloud
