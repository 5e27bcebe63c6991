#include <vector>

#include <openssl/err.h>

#include "certificate/decryption.hpp"
#include "certificate/pkcs12_contents.hpp"
#include "core/try.hpp"

namespace renewd::certificate {
namespace {

// Whether the MAC was made with this password.
Parsed<bool> verify_mac(PKCS12* pkcs12, Pkcs12Attempt& attempt) {
  TRY(attempt.budget.take_mac(*pkcs12));
  if (PKCS12_verify_mac(pkcs12, attempt.password.data, attempt.password.size) == 1) {
    return true;
  }
  attempt.unsupported = unsupported_algorithm();
  if (attempt.unsupported) {
    return problem(KeystoreProblem::unknown_format, "its MAC uses an algorithm that OpenSSL does not support");
  }
  // OpenSSL queues an error only if it could not compute the MAC, not if the MAC differs.
  if (ERR_peek_error() != 0) {
    return damaged("its MAC cannot be computed");
  }
  return false;
}

Parsed<Keystore> open_with(Pkcs12Attempt& attempt, std::string_view bytes) {
  PKCS12* raw = PKCS12_init_ex(NID_pkcs7_data, attempt.context, nullptr);
  const unsigned char* position = as_bytes(bytes);
  // Parsing into an existing object keeps its context; a failure frees it and sets `raw` to null.
  const bool parsed = raw != nullptr && d2i_PKCS12(&raw, &position, static_cast<long>(bytes.size())) != nullptr;
  const Pkcs12Ptr pkcs12(raw);
  if (!parsed) {
    return damaged("the PKCS#12 structure cannot be parsed");
  }
  const bool has_mac = PKCS12_mac_present(pkcs12.get()) == 1;
  const std::string_view text = attempt.given.view();
  std::vector<Password> passwords{{text.data(), static_cast<int>(text.size())}};
  if (attempt.given.empty()) {
    passwords = {{nullptr, 0}, {"", 0}};
  }
  Parsed<Keystore> opened = wrong_password(attempt.given, "the keystore");
  for (const Password password : passwords) {
    attempt.password = password;
    if (has_mac) {
      TRY_LET(const bool verified, verify_mac(pkcs12.get(), attempt));
      if (!verified) {
        continue;
      }
    }
    opened = read_contents(pkcs12.get(), attempt);
    if (opened || opened.error().problem != KeystoreProblem::wrong_password) {
      break;
    }
  }
  if (opened) {
    opened->extra_bytes = bytes.size() - static_cast<std::size_t>(position - as_bytes(bytes));
  }
  return opened;
}

}  // namespace

Parsed<Keystore> open_pkcs12(std::string_view bytes, const Secret& password) {
  DerivationBudget budget;
  Pkcs12Attempt modern{.password = {}, .given = password, .context = nullptr, .budget = budget};
  auto opened = open_with(modern, bytes);
  if (opened || !modern.unsupported) {
    return opened;
  }
  TRY_LET(const LegacyContext context, LegacyContext::load());
  Pkcs12Attempt legacy{.password = {}, .given = password, .context = context.get(), .budget = budget};
  opened = open_with(legacy, bytes);
  if (opened) {
    opened->legacy_encryption = true;
  }
  return opened;
}

}  // namespace renewd::certificate
