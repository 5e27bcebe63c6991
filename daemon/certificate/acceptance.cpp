#include "certificate/acceptance.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <openssl/err.h>

#include "certificate/key_policy.hpp"
#include "certificate/openssl.hpp"
#include "core/text.hpp"
#include "core/try.hpp"

namespace renewd::certificate {
namespace {

// Intermediates up to a certificate in ca_file; the cloud uses none or one.
constexpr int kChainLimit = 8;

tl::unexpected<Error> refuse(RejectionReason reason, const std::string& message) {
  return rejection(reason, "checking the renewed certificate: " + message);
}

// Signs with the key and verifies with the certificate: even if the public half matches, the private half may be
// damaged.
bool key_signs_for(const Certificate& certificate, const PrivateKey& key) {
  constexpr std::array<unsigned char, 16> kMessage{'g', 'r', 'a', 'v', 'i', 't', 'e', 'e',
                                                   '-', 'r', 'e', 'n', 'e', 'w', 'd'};
  // Null is the key's default: an RSA-PSS key may be restricted to one digest, and the Edwards curves take none.
  const EVP_MD* const digest = nullptr;
  const EvpMdCtxPtr signing(EVP_MD_CTX_new());
  const EvpMdCtxPtr verifying(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (!signing || !verifying || EVP_DigestSignInit(signing.get(), nullptr, digest, nullptr, key.get()) != 1 ||
      EVP_DigestSign(signing.get(), nullptr, &size, kMessage.data(), kMessage.size()) != 1) {
    return false;
  }
  std::vector<unsigned char> signature(size);
  return EVP_DigestSign(signing.get(), signature.data(), &size, kMessage.data(), kMessage.size()) == 1 &&
         EVP_DigestVerifyInit(verifying.get(), nullptr, digest, nullptr, X509_get0_pubkey(certificate.get())) == 1 &&
         EVP_DigestVerify(verifying.get(), signature.data(), size, kMessage.data(), kMessage.size()) == 1;
}

Result<void> check_key(const Keystore& candidate) {
  const Certificate& renewed = candidate.certificate;
  if (!candidate.key) {
    return refuse(RejectionReason::no_key, fmt::format("certificate {} has no private key", renewed.serial()));
  }
  const bool matches = renewed.belongs_to(*candidate.key);
  const bool signs = matches && key_signs_for(renewed, *candidate.key);
  ERR_clear_error();
  if (!signs) {
    return refuse(
        RejectionReason::key_mismatch,
        fmt::format("the private key {} certificate {} ({}){}", matches ? "of" : "does not match", renewed.serial(),
                    renewed.key_type(), matches ? " is damaged: its signature does not verify" : ""));
  }
  return {};
}

// Whether it is safe to compute with the key at all. The reason is `untrusted`, since there is no specific one.
Result<void> check_key_policy(const Keystore& candidate) {
  auto objection = objection_to_key(candidate.certificate);
  if (!objection && candidate.key) {
    objection = objection_to_key(*candidate.key);
  } else if (!objection && !candidate.unread_key.empty()) {
    objection = candidate.unread_key;
  }
  if (!objection) {
    return {};
  }
  return refuse(RejectionReason::untrusted,
                fmt::format("certificate {} has {}", candidate.certificate.serial(), *objection));
}

// `expired` before `not_later`: an expired certificate is useless whatever is installed, and "not later" would direct
// the operator to the installed one.
Result<void> check_dates(const Certificate& renewed, const Certificate& installed, TimePoint now) {
  if (renewed.not_after() < now) {
    return refuse(RejectionReason::expired, fmt::format("certificate {} expired on {} (now {})", renewed.serial(),
                                                        format_time(renewed.not_after()), format_time(now)));
  }
  if (renewed.not_after() <= installed.not_after()) {
    return refuse(
        RejectionReason::not_later,
        fmt::format("certificate {} expires on {}, not later than the installed {} on {}", renewed.serial(),
                    format_time(renewed.not_after()), installed.serial(), format_time(installed.not_after())));
  }
  if (renewed.not_before() > now + kClockTolerance) {
    return refuse(RejectionReason::not_yet_valid,
                  fmt::format("certificate {} is not valid before {} (now {})", renewed.serial(),
                              format_time(renewed.not_before()), format_time(now)));
  }
  return {};
}

// Whether a certificate of the chain, not the renewed one, is out of date by this host's clock.
bool is_about_time(int verdict) {
  return verdict == X509_V_ERR_CERT_NOT_YET_VALID || verdict == X509_V_ERR_CERT_HAS_EXPIRED;
}

struct TrustProblem {
  std::string message;
  bool about_time = false;
};

// Why `candidate` does not chain to one of `trusted`; nothing if it does.
std::optional<TrustProblem> find_trust_problem(const Keystore& candidate, const std::vector<Certificate>& trusted,
                                               TimePoint now) {
  const X509StorePtr store(X509_STORE_new());
  const X509StackPtr intermediates(sk_X509_new_null());
  const X509StoreCtxPtr context(X509_STORE_CTX_new());
  if (!store || !intermediates || !context) {
    return TrustProblem{drain_errors()};
  }
  for (const auto& anchor : trusted) {
    if (X509_STORE_add_cert(store.get(), anchor.get()) != 1) {
      return TrustProblem{drain_errors()};
    }
  }
  for (const auto& other : candidate.chain) {
    // Verifying a signature computes with its issuer's key.
    const bool usable = sk_X509_num(intermediates.get()) < kChainLimit && !objection_to_key(other);
    if (usable && X509_add_cert(intermediates.get(), other.get(), X509_ADD_FLAG_UP_REF) != 1) {
      return TrustProblem{drain_errors()};
    }
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), candidate.certificate.get(), intermediates.get()) != 1) {
    return TrustProblem{drain_errors()};
  }
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());  // borrowed
  // check_dates() has accepted a notBefore slightly in the future.
  const TimePoint at = std::max<TimePoint>(now, candidate.certificate.not_before());
  X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(at));
  X509_VERIFY_PARAM_set_depth(parameters, kChainLimit);
  // An intermediate in ca_file is enough. Without a purpose, any is accepted.
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  // For OpenSSL's own trust settings in ca_file (ca_file.hpp); without any, it has no effect.
  X509_VERIFY_PARAM_set_trust(parameters, X509_TRUST_SSL_CLIENT);
  if (X509_verify_cert(context.get()) == 1) {
    return std::nullopt;
  }
  const int verdict = X509_STORE_CTX_get_error(context.get());
  std::string text = X509_verify_cert_error_string(verdict);
  if (X509* failed = X509_STORE_CTX_get_current_cert(context.get())) {
    X509_up_ref(failed);
    text += fmt::format(" ({})", Certificate(failed).subject());
  }
  return TrustProblem{std::move(text), is_about_time(verdict)};
}

Result<void> check_trust(const Keystore& candidate, const Expectations& expectations) {
  if (expectations.trusted.empty()) {
    return {};
  }
  const auto problem = find_trust_problem(candidate, expectations.trusted, expectations.now);
  ERR_clear_error();
  if (!problem) {
    return {};
  }
  Result<void> refused =
      refuse(RejectionReason::untrusted,
             fmt::format("certificate {}, issued by {}, does not chain to keystore.ca_file ({} certificates, the first "
                         "{}): {}",
                         candidate.certificate.serial(), candidate.certificate.issuer(), expectations.trusted.size(),
                         expectations.trusted.front().subject(), problem->message));
  if (problem->about_time) {
    refused.error().advice =
        "check this host's clock with timedatectl; if it is right, ask Gravitee for its current CA certificates and "
        "replace keystore.ca_file";
  }
  return refused;
}

// In bits of security.
bool is_weaker(int renewed, int installed) {
  return renewed < std::min(kSecurityBitsEnough, installed);
}

// The reason is `untrusted`, since there is no specific one. Compares bits of security, so RSA of 4096 bits may be
// replaced by an elliptic curve.
Result<void> check_strength(const Certificate& renewed, const Certificate& installed) {
  if (is_weaker(renewed.security_bits(), installed.security_bits())) {
    return refuse(
        RejectionReason::untrusted,
        fmt::format("the key of certificate {} ({}, {} bits of security) is weaker than that of the installed "
                    "{} ({}, {} bits), and {} bits would be enough",
                    renewed.serial(), renewed.key_type(), renewed.security_bits(), installed.serial(),
                    installed.key_type(), installed.security_bits(), kSecurityBitsEnough));
  }
  const auto signature = renewed.signature_bits();
  const auto installed_signature = installed.signature_bits();
  if (signature && installed_signature && is_weaker(*signature, *installed_signature)) {
    return refuse(RejectionReason::untrusted,
                  fmt::format("the signature of certificate {} ({}, {} bits of security) is weaker than that of the "
                              "installed {} ({}, {} bits), and servers may refuse it",
                              renewed.serial(), renewed.signature_type(), *signature, installed.serial(),
                              installed.signature_type(), *installed_signature));
  }
  return {};
}

}  // namespace

Result<void> accept(const Keystore& candidate, const Keystore& installed, const Expectations& expectations) {
  ERR_clear_error();
  const Certificate& renewed = candidate.certificate;
  const Certificate& current = installed.certificate;
  // Comparisons first, and computations with a key only after check_key_policy().
  TRY(check_dates(renewed, current, expectations.now));
  TRY(accept_account(renewed, current, expectations.account_id));
  TRY(check_key_policy(candidate));
  TRY(check_strength(renewed, current));
  TRY(check_trust(candidate, expectations));
  return check_key(candidate);
}

Result<void> accept_account(const Certificate& candidate, const Certificate& installed, const std::string& account_id) {
  if (account_id.empty() || installed.common_name() != account_id || candidate.common_name() == account_id) {
    return {};
  }
  return refuse(
      RejectionReason::wrong_account,
      fmt::format("certificate {} is for {}, but the installed {} and the configured account are {}",
                  candidate.serial(), printable(candidate.common_name()), installed.serial(), printable(account_id)));
}

}  // namespace renewd::certificate
