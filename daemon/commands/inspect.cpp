#include "commands/inspect.hpp"

#include <string>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "certificate/keystore.hpp"
#include "cloud/answer.hpp"
#include "commands/exit_status.hpp"
#include "commands/inspect_text.hpp"
#include "core/clock.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "core/whole_file.hpp"

namespace renewd::commands {
namespace {

namespace json = boost::json;
using certificate::Certificate;
using certificate::Keystore;
using certificate::KeystoreProblem;

constexpr std::size_t kSizeLimit = std::size_t{1024} * 1024;

// The keystore in a file, which may be an encoded answer.
struct Decoded {
  std::string bytes;
  std::string encoding;  // empty: none
};

Decoded decode(std::string file) {
  if (certificate::detect_format(file)) {
    return {std::move(file), {}};
  }
  auto decoded = cloud::decode_answer(file);
  if (!decoded || !certificate::detect_format(*decoded)) {
    return {std::move(file), {}};
  }
  const auto first = file.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string::npos && file[first] == '{';
  const bool is_base64 = file.find("-----BEGIN ") == std::string::npos;
  return {std::move(*decoded),
          std::string(is_json ? "JSON" : "") + (is_json && is_base64 ? " " : "") + (is_base64 ? "base64" : "")};
}

std::string explain(const certificate::KeystoreError& error, bool password_given) {
  switch (error.problem) {
    case KeystoreProblem::wrong_password:
      return password_given ? "wrong password: " + error.message + "; check the file of --password-file"
                            : "the keystore needs a password: name its file with --password-file";
    case KeystoreProblem::damaged:
      return error.message + "; this does not depend on the password: copy the file from its source again";
    case KeystoreProblem::no_certificate:
      return "no certificate to show: " + error.message;
    case KeystoreProblem::unknown_format:
      return error.message;
  }
  return error.message;
}

std::string_view key_state(const Keystore& keystore) {
  if (keystore.key) {
    return "present";
  }
  return keystore.has_key_entry ? "not_read" : "absent";
}

void print_json(const Keystore& keystore, const Decoded& file, const std::string& path, std::ostream& out) {
  const Certificate& certificate = keystore.certificate;
  json::array chain;
  for (const auto& other : keystore.chain) {
    chain.push_back(json::object{{"subject", other.subject()},
                                 {"issuer", other.issuer()},
                                 {"serial", other.serial()},
                                 {"not_after", format_time(other.not_after())}});
  }
  const json::object object{
      {"file", printable(path, 4096)},
      {"format", certificate::to_string(keystore.format)},
      {"encoding", file.encoding.empty() ? json::value(nullptr) : json::value(file.encoding)},
      {"alias", printable(keystore.alias)},
      {"subject", certificate.subject()},
      {"issuer", certificate.issuer()},
      {"serial", certificate.serial()},
      {"not_before", format_time(certificate.not_before())},
      {"not_after", format_time(certificate.not_after())},
      {"key_type", certificate.key_type()},
      {"sha256_fingerprint", certificate.fingerprint_sha256()},
      {"key", key_state(keystore)},
      {"key_matches", keystore.key ? json::value(certificate.belongs_to(*keystore.key)) : json::value(nullptr)},
      {"chain", std::move(chain)},
      {"legacy_encryption", keystore.legacy_encryption},
      {"ambiguous", keystore.ambiguous},
      {"extra_bytes", keystore.extra_bytes}};
  out << json_text(object) << "\n";
}

}  // namespace

int inspect(const InspectOptions& options, const Screen& screen, std::ostream& out, std::ostream& errors) {
  const std::string path = options.keystore.string();
  const auto fail = [&](std::string_view message) {
    errors << "inspecting " << printable(path, 500) << ": " << message << "\n";
    return kFailure;
  };
  const auto reporting_for = [&errors](const std::filesystem::path& file) {
    return PipeTimeout{.on_wait = [&errors, file](std::string_view what) {
      errors << printable(file.string(), 500) << ": " << what << std::endl;
    }};
  };
  Secret password;
  if (options.password_file) {
    auto secret = read_given_secret(options.password_file->string(), reporting_for(*options.password_file));
    if (!secret) {
      return fail(secret.error().message);
    }
    password = std::move(*secret);
  }
  const PipeTimeout patience = reporting_for(options.keystore);
  const auto bytes = read_whole(options.keystore, kSizeLimit, &patience);
  if (!bytes) {
    return fail(bytes.error().message);
  }
  const Decoded file = decode(std::string(bytes->view()));
  const auto keystore = certificate::open_keystore(file.bytes, password);
  if (!keystore) {
    return fail(explain(keystore.error(), options.password_file.has_value()));
  }
  if (options.json) {
    print_json(*keystore, file, path, out);
  } else {
    out << inspect_text(*keystore, file.encoding, path, SystemClock().now(), screen);
  }
  return kSuccess;
}

}  // namespace renewd::commands
