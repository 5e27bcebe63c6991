#include "commands/inspect_text.hpp"

#include <fmt/format.h>

#include "commands/layout.hpp"
#include "core/text.hpp"

namespace renewd::commands {
namespace {

using certificate::Certificate;
using certificate::Keystore;

constexpr std::size_t kLabel = 13;

std::string describe_key(const Keystore& keystore) {
  if (keystore.key) {
    return keystore.certificate.belongs_to(*keystore.key) ? "present, matches the certificate"
                                                          : "present, DOES NOT MATCH the certificate";
  }
  return keystore.has_key_entry ? fmt::format("present, not read ({})", keystore.unread_key) : "absent";
}

std::string relative(std::chrono::sys_seconds time, TimePoint now) {
  using std::chrono::seconds;
  const seconds distance = time - std::chrono::floor<seconds>(now);
  return distance >= seconds::zero() ? "in " + format_duration(distance) : format_duration(-distance) + " ago";
}

std::string describe_expiry(const Certificate& certificate, TimePoint now) {
  const auto time = certificate.not_after();
  return fmt::format("{} ({}{})", format_time(time), time < now ? "expired " : "", relative(time, now));
}

}  // namespace

std::string inspect_text(const Keystore& keystore, std::string_view encoding, std::string_view path, TimePoint now,
                         const Screen& screen) {
  const Certificate& certificate = keystore.certificate;
  std::string text;
  const auto row = [&](std::string_view name, std::string_view value) {
    text += labelled(name, value, 0, kLabel, screen, LongWords::whole);
  };
  row("file", printable(path, 500));
  row("format",
      fmt::format("{}{}{}", encoding, encoding.empty() ? "" : " ", certificate::display_name(keystore.format)));
  row("alias", keystore.alias.empty() ? "(none)" : printable(keystore.alias));
  row("subject", certificate.subject());
  row("issuer", certificate.issuer());
  row("serial", certificate.serial());
  row("not before",
      fmt::format("{} ({})", format_time(certificate.not_before()), relative(certificate.not_before(), now)));
  row("not after", describe_expiry(certificate, now));
  row("key type", certificate.key_type());
  row("SHA-256", certificate.fingerprint_sha256());
  row("key", describe_key(keystore));
  row("chain", keystore.chain.empty() ? "(none)" : fmt::format("{} more", keystore.chain.size()));
  for (const auto& other : keystore.chain) {
    row("", fmt::format("{}, until {}", other.subject(), format_time(other.not_after())));
  }
  if (keystore.extra_bytes > 0) {
    row("remark", fmt::format("{} extra {} after the end of the keystore, which the JDK and OpenSSL ignore",
                              keystore.extra_bytes, keystore.extra_bytes == 1 ? "byte" : "bytes"));
  }
  if (keystore.ambiguous) {
    row("remark",
        fmt::format("{} matches certificates and keys by id, name and order, and would use another certificate of "
                    "this file with the key, or none",
                    keystore.format == certificate::Format::pem ? "OpenSSL" : "the JDK"));
  }
  if (keystore.legacy_encryption) {
    row("remark", "uses the encryption of old JDKs (RC2-40), which OpenSSL 3 reads only with its legacy provider");
  }
  return text;
}

}  // namespace renewd::commands
