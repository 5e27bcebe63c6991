#include "certificate/acceptance.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <openssl/err.h>

#include "certificate/formats.hpp"
#include "certificate/key_policy.hpp"
#include "certificate/openssl.hpp"
#include "core/text.hpp"

namespace renewd::certificate {
namespace {

// Issuers between a certificate and one of ca_file: the cloud's has none or one.
constexpr int kChainLimit = 8;

using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

tl::unexpected<Error> refuse(RejectionReason reason, const std::string& message) {
  return rejection(reason, "judging the renewed certificate: " + message);
}

// Signs with the key and verifies with the certificate: a key whose public half matches may still be damaged.
bool key_signs_for(const Certificate& certificate, const PrivateKey& key) {
  constexpr std::array<unsigned char, 16> kMessage{'g', 'r', 'a', 'v', 'i', 't', 'e', 'e',
                                                   '-', 'r', 'e', 'n', 'e', 'w', 'd'};
  // The key's own digest: an RSA-PSS key may be restricted to one, and the Edwards curves hash on their own.
  const EVP_MD* const digest = nullptr;
  const DigestContextPtr signing(EVP_MD_CTX_new());
  const DigestContextPtr verifying(EVP_MD_CTX_new());
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
    return refuse(RejectionReason::no_key, fmt::format("certificate {} came without a key", renewed.serial()));
  }
  const bool belongs = renewed.belongs_to(*candidate.key);
  const bool works = belongs && key_signs_for(renewed, *candidate.key);
  ERR_clear_error();
  if (!works) {
    return refuse(RejectionReason::key_mismatch,
                  fmt::format("certificate {} ({}) {}", renewed.serial(), renewed.key_type(),
                              belongs ? "has its public key beside it, but what the private key signs does not verify"
                                      : "and the key beside it do not belong together"));
  }
  return {};
}

// Whether the key may be computed with at all. Of reason `untrusted`, since the contract has none of its own for it.
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

// Expired goes before not later: such a certificate is of no use whatever is installed, and who reads "not later" would
// look for a fault in the installed one. Where both hold, the older problem is the cloud's.
Result<void> check_dates(const Certificate& renewed, const Certificate& installed, TimePoint now) {
  if (renewed.not_after() < now) {
    return refuse(RejectionReason::expired,
                  fmt::format("certificate {} expired on {}, and it is {} now", renewed.serial(),
                              format_time(renewed.not_after()), format_time(now)));
  }
  if (renewed.not_after() <= installed.not_after()) {
    return refuse(
        RejectionReason::not_later,
        fmt::format("certificate {} expires on {}, no later than the installed {} on {}", renewed.serial(),
                    format_time(renewed.not_after()), installed.serial(), format_time(installed.not_after())));
  }
  if (renewed.not_before() > now + kClockTolerance) {
    return refuse(RejectionReason::not_yet_valid,
                  fmt::format("certificate {} is valid from {}, and it is {} now", renewed.serial(),
                              format_time(renewed.not_before()), format_time(now)));
  }
  return {};
}

Result<void> check_account(const Certificate& renewed, const Certificate& installed, const std::string& account_id) {
  if (account_id.empty() || installed.common_name() != account_id || renewed.common_name() == account_id) {
    return {};
  }
  return refuse(
      RejectionReason::wrong_account,
      fmt::format("certificate {} is for {}, the installed {} and the configured account are {}", renewed.serial(),
                  printable(renewed.common_name()), installed.serial(), printable(account_id)));
}

// Why `candidate` does not chain to one of `trusted`; nothing when it does.
std::optional<std::string> find_trust_problem(const Keystore& candidate, const std::vector<Certificate>& trusted,
                                              TimePoint now) {
  // Signatures are verified with keys that may be installed, and with those of ca_file, whatever they are.
  std::vector<Certificate> usable;
  for (const auto& other : candidate.chain) {
    if (std::ssize(usable) < kChainLimit && !objection_to_key(other)) {
      usable.push_back(other);
    }
  }
  const X509StorePtr store(X509_STORE_new());
  const X509StackPtr between = to_stack(usable);
  const X509StoreCtxPtr context(X509_STORE_CTX_new());
  if (!store || !between || !context) {
    return drain_errors();
  }
  for (const auto& anchor : trusted) {
    if (X509_STORE_add_cert(store.get(), anchor.get()) != 1) {
      return drain_errors();
    }
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), candidate.certificate.get(), between.get()) != 1) {
    return drain_errors();
  }
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());  // borrowed
  // A notBefore within the tolerance for clocks was accepted above, and must not fail here.
  const TimePoint at = std::max<TimePoint>(now, candidate.certificate.not_before());
  X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(at));
  X509_VERIFY_PARAM_set_depth(parameters, kChainLimit);
  // An intermediate alone in ca_file is enough. The purpose stays unset: any will do.
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  // What ca_file.hpp asks trust settings about; without any, it changes nothing.
  X509_VERIFY_PARAM_set_trust(parameters, X509_TRUST_SSL_CLIENT);
  if (X509_verify_cert(context.get()) == 1) {
    return std::nullopt;
  }
  std::string text = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  if (X509* culprit = X509_STORE_CTX_get_current_cert(context.get())) {
    X509_up_ref(culprit);
    text += fmt::format(" ({})", Certificate(culprit).subject());
  }
  return text;
}

Result<void> check_trust(const Keystore& candidate, const Expectations& expectations) {
  if (expectations.trusted.empty()) {
    return {};
  }
  const auto trust_problem = find_trust_problem(candidate, expectations.trusted, expectations.now);
  ERR_clear_error();
  if (!trust_problem) {
    return {};
  }
  return refuse(RejectionReason::untrusted,
                fmt::format("certificate {}, issued by {}, does not chain to keystore.ca_file ({} certificates, the "
                            "first {}): {}",
                            candidate.certificate.serial(), candidate.certificate.issuer(), expectations.trusted.size(),
                            expectations.trusted.front().subject(), *trust_problem));
}

// Below the floor of a strength: what protects today is enough, and what the installed one has where that is less.
bool is_weaker(int renewed, int installed) {
  return renewed < std::min(kSecurityBitsEnough, installed);
}

// Of reason `untrusted`, since the contract has none of its own for it. Kinds of keys are compared by what it takes to
// break them: RSA of 4096 bits may become an elliptic curve.
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
  const auto before = installed.signature_bits();
  if (signature && before && is_weaker(*signature, *before)) {
    return refuse(RejectionReason::untrusted,
                  fmt::format("the signature of certificate {} ({}, {} bits of security) is weaker than that of the "
                              "installed {} ({}, {} bits), and servers may refuse it",
                              renewed.serial(), renewed.signature_type(), *signature, installed.serial(),
                              installed.signature_type(), *before));
  }
  return {};
}

}  // namespace

Result<void> accept(const Keystore& candidate, const Keystore& installed, const Expectations& expectations) {
  ERR_clear_error();
  const Certificate& renewed = candidate.certificate;
  const Certificate& current = installed.certificate;
  // What only compares comes first, what computes last, and with a key that is not on the list nothing does.
  return check_dates(renewed, current, expectations.now)
      .and_then([&] { return check_account(renewed, current, expectations.account_id); })
      .and_then([&] { return check_key_policy(candidate); })
      .and_then([&] { return check_strength(renewed, current); })
      .and_then([&] { return check_trust(candidate, expectations); })
      .and_then([&] { return check_key(candidate); });
}

Result<void> accept_account(const Certificate& candidate, const Certificate& installed, const std::string& account_id) {
  return check_account(candidate, installed, account_id);
}

}  // namespace renewd::certificate
