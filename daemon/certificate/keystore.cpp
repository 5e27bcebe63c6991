#include "certificate/keystore.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "certificate/formats.hpp"
#include "certificate/openssl.hpp"

namespace renewd::certificate {
namespace {

using namespace std::string_view_literals;

// Larger than any keystore, and within OpenSSL's int.
constexpr std::size_t kSizeLimit = std::size_t{16} * 1024 * 1024;

struct FormatName {
  std::string_view name;
  std::string_view display;
};
// In the order of Format.
constexpr std::array kFormatNames{FormatName{"pkcs12", "PKCS#12"}, FormatName{"jks", "JKS"}, FormatName{"pem", "PEM"},
                                  FormatName{"der", "DER certificate"}, FormatName{"pkcs7", "PKCS#7"}};

constexpr std::string_view kJceksMagic = "\xCE\xCE\xCE\xCE"sv;

// The bytes after the header of a DER (or BER) SEQUENCE; empty if `bytes` does not begin with one.
std::optional<std::string_view> inside_sequence(std::string_view bytes) {
  if (bytes.size() < 2 || bytes[0] != '\x30') {
    return std::nullopt;
  }
  const auto length = static_cast<unsigned char>(bytes[1]);
  const std::size_t more = length > 0x80 ? length - 0x80U : 0;
  if (more > 4 || bytes.size() < 2 + more) {
    return std::nullopt;
  }
  return bytes.substr(2 + more);
}

// The length that the header of a DER SEQUENCE states, header included; nothing if it states none.
std::optional<std::size_t> stated_size(std::string_view bytes) {
  const auto inside = inside_sequence(bytes);
  if (!inside || bytes[1] == '\x80') {
    return std::nullopt;
  }
  const std::size_t header = bytes.size() - inside->size();
  std::size_t length = header == 2 ? static_cast<unsigned char>(bytes[1]) : 0;
  for (const char byte : bytes.substr(2, header - 2)) {
    length = length * 256 + static_cast<unsigned char>(byte);
  }
  return header + length;
}

std::optional<Format> detect_der(std::string_view bytes) {
  const auto inside = inside_sequence(bytes);
  if (!inside) {
    return std::nullopt;
  }
  if (inside->starts_with("\x02\x01\x03"sv)) {  // PFX: version 3 (RFC 7292)
    return Format::pkcs12;
  }
  if (inside->starts_with("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"sv)) {  // signedData (RFC 2315)
    return Format::pkcs7;
  }
  // TBSCertificate: its version, or the serial number of a certificate of version 1 (RFC 5280)
  const auto tbs = inside_sequence(*inside);
  if (tbs && (tbs->starts_with('\xA0') || tbs->starts_with('\x02'))) {
    return Format::der;
  }
  return std::nullopt;
}

bool issued(const Certificate& issuer, const Certificate& subject) {
  const bool yes = X509_check_issued(issuer.get(), subject.get()) == X509_V_OK;
  ERR_clear_error();
  return yes;
}

bool same(const Certificate& a, const Certificate& b) {
  return X509_cmp(a.get(), b.get()) == 0;
}

// Issuers in order from `end_entity` up, then the rest in the order of the file.
std::vector<Certificate> ordered_chain(const Certificate& end_entity, std::vector<Certificate> rest) {
  std::vector<Certificate> chain;
  Certificate last = end_entity;
  while (true) {
    const auto issuer = std::find_if(rest.begin(), rest.end(), [&](const auto& other) { return issued(other, last); });
    if (issuer == rest.end()) {
      break;
    }
    last = *issuer;
    chain.push_back(last);
    rest.erase(issuer);
  }
  chain.insert(chain.end(), rest.begin(), rest.end());
  return chain;
}

}  // namespace

std::string_view to_string(Format format) {
  return kFormatNames.at(static_cast<std::size_t>(format)).name;
}

std::string_view display_name(Format format) {
  return kFormatNames.at(static_cast<std::size_t>(format)).display;
}

bool is_whole_der(std::string_view bytes) {
  const auto size = detect_format(bytes) ? stated_size(bytes) : std::nullopt;
  return size && *size <= bytes.size();
}

std::optional<Format> detect_format(std::string_view bytes) {
  if (bytes.starts_with("\xFE\xED\xFE\xED"sv)) {
    return Format::jks;
  }
  if (const auto format = detect_der(bytes)) {
    return format;
  }
  const std::string_view byte_order_mark = "\xEF\xBB\xBF"sv;
  const std::string_view text = bytes.substr(bytes.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
  // Only at the beginning of a line: PEM inside a JSON string is an answer of the cloud, not a file.
  if (text.starts_with("-----BEGIN "sv) || text.find("\n-----BEGIN "sv) != std::string_view::npos) {
    return Format::pem;
  }
  return std::nullopt;
}

tl::expected<Keystore, KeystoreError> open_keystore(std::string_view bytes, const Secret& password) {
  ERR_clear_error();  // a stale entry would be reported as the cause
  if (bytes.empty()) {
    return damaged("the file is empty");
  }
  if (bytes.size() > kSizeLimit) {
    return damaged(fmt::format("{} bytes, too large for a keystore", bytes.size()));
  }
  const auto format = detect_format(bytes);
  if (!format) {
    return problem(KeystoreProblem::unknown_format,
                   bytes.starts_with(kJceksMagic)
                       ? "a JCEKS keystore, which is not supported; convert it to PKCS#12 with keytool -importkeystore"
                       : "neither PKCS#12, JKS, PEM, PKCS#7 nor a DER certificate");
  }
  Parsed<Keystore> opened = [&] {
    switch (*format) {
      case Format::pkcs12:
        return open_pkcs12(bytes, password);
      case Format::jks:
        return open_jks(bytes, password);
      case Format::pem:
        return open_pem(bytes, password);
      case Format::der:
        return open_der(bytes);
      case Format::pkcs7:
        return open_pkcs7(bytes);
    }
    return Parsed<Keystore>(problem(KeystoreProblem::unknown_format, "unknown format"));
  }();
  ERR_clear_error();  // of attempts that failed before one succeeded
  return opened;
}

std::size_t find_end_entity(const std::vector<Certificate>& certificates) {
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    const bool is_issuer = std::any_of(certificates.begin(), certificates.end(), [&](const Certificate& other) {
      return !same(certificates[i], other) && issued(certificates[i], other);
    });
    if (!is_issuer) {
      return i;
    }
  }
  return 0;
}

Parsed<Keystore> assemble(Format format, const std::vector<Certificate>& certificates,
                          std::optional<std::size_t> end_entity) {
  if (certificates.empty()) {
    return problem(KeystoreProblem::no_certificate, fmt::format("no certificate in the {} file", display_name(format)));
  }
  if (certificates.size() > kCertificateLimit) {
    return too_many_entries();
  }
  const Certificate& certificate = certificates[end_entity ? *end_entity : find_end_entity(certificates)];
  std::vector<Certificate> rest;
  for (const auto& other : certificates) {
    const bool known = same(other, certificate) ||
                       std::any_of(rest.begin(), rest.end(), [&](const auto& earlier) { return same(earlier, other); });
    if (!known) {
      rest.push_back(other);
    }
  }
  return Keystore{.format = format,
                  .alias = {},
                  .certificate = certificate,
                  .chain = ordered_chain(certificate, std::move(rest)),
                  .key = std::nullopt};
}

Keystore with_public_key_of(const Certificate& owner, Keystore bundle) {
  std::vector<Certificate> all = bundle.chain;
  all.insert(all.begin(), bundle.certificate);
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].same_public_key(owner) && (!found || all[i].not_after() > all[*found].not_after())) {
      found = i;
    }
  }
  auto assembled = found ? assemble(bundle.format, all, found) : Parsed<Keystore>(std::move(bundle));
  return std::move(*assembled);  // cannot fail: the number of certificates is the same
}

tl::unexpected<KeystoreError> problem(KeystoreProblem kind, std::string message) {
  if (const std::string cause = drain_errors(); !cause.empty()) {
    message += ": " + cause;
  }
  return tl::unexpected(KeystoreError{kind, std::move(message)});
}

tl::unexpected<KeystoreError> too_many_entries() {
  return damaged(fmt::format("more than {} certificates or keys in one keystore", kCertificateLimit));
}

tl::unexpected<KeystoreError> damaged(std::string message) {
  return problem(KeystoreProblem::damaged, "damaged: " + std::move(message));
}

tl::unexpected<KeystoreError> wrong_password(const Secret& password, std::string_view what) {
  ERR_clear_error();  // only "bad decrypt"
  return problem(KeystoreProblem::wrong_password,
                 password.empty()
                     ? fmt::format("{} is encrypted, but there is no password; set keystore.password", what)
                     : fmt::format("the password does not open {}", what));
}

}  // namespace renewd::certificate
