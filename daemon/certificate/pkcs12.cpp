#include <utility>
#include <vector>

#include <openssl/err.h>

#include "certificate/decryption.hpp"
#include "certificate/pkcs12_contents.hpp"
#include "core/try.hpp"

namespace renewd::certificate {
namespace {

// Whether the MAC, if there is one, was made with this password.
Attempt<bool> verify_mac(PKCS12* pkcs12, Password password, DerivationBudget& budget) {
  if (auto taken = budget.take_mac(*pkcs12); !taken) {
    return fail(tl::unexpected(std::move(taken.error())));
  }
  if (PKCS12_verify_mac(pkcs12, password.data, password.size) == 1) {
    return true;
  }
  if (unsupported_algorithm()) {
    auto error = problem(KeystoreProblem::unknown_format, "protected with an algorithm that OpenSSL does not have");
    return tl::unexpected(Failure{error.value(), true});
  }
  // OpenSSL queues an error only when the MAC could not be computed; one that merely differs leaves the queue empty.
  if (ERR_peek_error() != 0) {
    return fail(damaged("its MAC cannot be computed"));
  }
  return false;
}

// All of it, with the algorithms of one library context (null: the global one).
Attempt<Keystore> attempt(std::string_view bytes, const Secret& given, OSSL_LIB_CTX* context,
                          DerivationBudget& budget) {
  PKCS12* raw = PKCS12_init_ex(NID_pkcs7_data, context, nullptr);
  const unsigned char* position = as_bytes(bytes);
  // Parsing into an object that exists keeps its context; on failure the object is gone and `raw` null.
  const bool parsed = raw != nullptr && d2i_PKCS12(&raw, &position, static_cast<long>(bytes.size())) != nullptr;
  const Pkcs12Ptr pkcs12(raw);
  if (!parsed) {
    return fail(damaged("the PKCS#12 structure cannot be parsed"));
  }
  const std::size_t size = static_cast<std::size_t>(position - as_bytes(bytes));
  const bool has_mac = PKCS12_mac_present(pkcs12.get()) == 1;
  const std::string_view text = given.view();
  std::vector<Password> passwords{{text.data(), static_cast<int>(text.size())}};
  if (given.empty()) {
    passwords = {{nullptr, 0}, {"", 0}};
  }
  Attempt<Keystore> opened = fail(refused_password(given, "the keystore"));
  for (const Password password : passwords) {
    if (has_mac) {
      TRY_LET(const auto verified, verify_mac(pkcs12.get(), password, budget));
      if (!verified) {
        continue;
      }
    }
    opened = read_contents(pkcs12.get(), password, given, context, budget);
    if (opened || opened.error().error.problem != KeystoreProblem::wrong_password) {
      break;
    }
  }
  if (opened) {
    opened->extra_bytes = bytes.size() - size;
  }
  return opened;
}

}  // namespace

Parsed<Keystore> open_pkcs12(std::string_view bytes, const Secret& password) {
  DerivationBudget budget;
  auto opened = attempt(bytes, password, nullptr, budget);
  if (!opened && opened.error().unsupported) {
    const LegacyContext legacy;
    if (!legacy.loaded()) {
      return problem(KeystoreProblem::unknown_format, std::string(kLegacyMissing));
    }
    opened = attempt(bytes, password, legacy.get(), budget);
    if (opened) {
      opened->legacy_encryption = true;
    }
  }
  if (!opened) {
    return tl::unexpected(std::move(opened.error().error));
  }
  return std::move(*opened);
}

}  // namespace renewd::certificate
