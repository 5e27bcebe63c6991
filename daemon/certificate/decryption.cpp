#include "certificate/decryption.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/err.h>

namespace renewd::certificate {
namespace {

constexpr int kLargestKey = 32;  // bytes, of AES-256
constexpr int kSaltLimit = 1024;
// The overhead of one derivation, in rounds: thousands of derivations with one round each are not free.
constexpr std::int64_t kLeastCost = 100;

using PbeParametersPtr = std::unique_ptr<PBEPARAM, Free<PBEPARAM_free>>;
using Pbes2ParametersPtr = std::unique_ptr<PBE2PARAM, Free<PBE2PARAM_free>>;
using Pbkdf2ParametersPtr = std::unique_ptr<PBKDF2PARAM, Free<PBKDF2PARAM_free>>;

template <typename Pointer>
Pointer unpack(const ASN1_ITEM* item, const ASN1_TYPE* parameter) {
  return Pointer(static_cast<typename Pointer::pointer>(ASN1_TYPE_unpack_sequence(item, parameter)));
}

// 0 for a digest other than SHA-1 and SHA-2, which JDKs and OpenSSL use.
int digest_size(int digest) {
  constexpr std::array kDigests{NID_sha1,   NID_sha224,     NID_sha256,    NID_sha384,
                                NID_sha512, NID_sha512_224, NID_sha512_256};
  const bool known = std::find(kDigests.begin(), kDigests.end(), digest) != kDigests.end();
  return known ? EVP_MD_get_size(EVP_get_digestbynid(digest)) : 0;
}

// The digest of an HMAC.
int digest_of(int function) {
  int digest = NID_undef;
  return EVP_PBE_find(EVP_PBE_TYPE_PRF, function, nullptr, &digest, nullptr) == 1 ? digest : NID_undef;
}

bool is_pkcs5_1_or_pkcs12(int scheme) {
  constexpr std::array kSchemes{NID_pbe_WithSHA1And128BitRC4,
                                NID_pbe_WithSHA1And40BitRC4,
                                NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                                NID_pbe_WithSHA1And2_Key_TripleDES_CBC,
                                NID_pbe_WithSHA1And128BitRC2_CBC,
                                NID_pbe_WithSHA1And40BitRC2_CBC,
                                NID_pbeWithMD2AndDES_CBC,
                                NID_pbeWithMD2AndRC2_CBC,
                                NID_pbeWithMD5AndDES_CBC,
                                NID_pbeWithMD5AndRC2_CBC,
                                NID_pbeWithSHA1AndDES_CBC,
                                NID_pbeWithSHA1AndRC2_CBC};
  return std::find(kSchemes.begin(), kSchemes.end(), scheme) != kSchemes.end();
}

tl::unexpected<KeystoreError> unsupported(std::string_view what, int derivation) {
  ERR_clear_error();
  const char* name = derivation == NID_undef ? nullptr : OBJ_nid2ln(derivation);
  return problem(KeystoreProblem::unknown_format,
                 fmt::format("{} uses a key derivation that is not supported ({}); supported are PBKDF2 and that of "
                             "PKCS#12, with SHA-1 or SHA-2",
                             what, name != nullptr ? name : "unknown"));
}

// By PBES2Parameters and SunJCE's PKCS12PBECipherCore of JDK 17.
bool jdk_supports(const X509_ALGOR& algorithm) {
  const int scheme = OBJ_obj2nid(algorithm.algorithm);
  if (scheme != NID_pbes2) {
    constexpr std::array kSchemes{NID_pbe_WithSHA1And128BitRC4, NID_pbe_WithSHA1And40BitRC4,
                                  NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And128BitRC2_CBC,
                                  NID_pbe_WithSHA1And40BitRC2_CBC};
    return std::ranges::find(kSchemes, scheme) != kSchemes.end();
  }
  const auto outer = unpack<Pbes2ParametersPtr>(ASN1_ITEM_rptr(PBE2PARAM), algorithm.parameter);
  const int cipher = outer ? OBJ_obj2nid(outer->encryption->algorithm) : NID_undef;
  const auto inner = outer ? unpack<Pbkdf2ParametersPtr>(ASN1_ITEM_rptr(PBKDF2PARAM), outer->keyfunc->parameter)
                           : Pbkdf2ParametersPtr();
  const int function = inner && inner->prf != nullptr ? OBJ_obj2nid(inner->prf->algorithm) : NID_hmacWithSHA1;
  constexpr std::array kFunctions{NID_hmacWithSHA1, NID_hmacWithSHA224, NID_hmacWithSHA256, NID_hmacWithSHA384,
                                  NID_hmacWithSHA512};
  return inner && (cipher == NID_aes_128_cbc || cipher == NID_aes_256_cbc) &&
         std::ranges::find(kFunctions, function) != kFunctions.end();
}

}  // namespace

Parsed<LegacyContext> LegacyContext::load() {
  LegacyContext loaded;
  loaded.context_.reset(OSSL_LIB_CTX_new());
  if (loaded.context_) {
    loaded.default_.reset(OSSL_PROVIDER_load(loaded.context_.get(), "default"));
    loaded.legacy_.reset(OSSL_PROVIDER_load(loaded.context_.get(), "legacy"));
  }
  if (!loaded.legacy_) {
    return problem(
        KeystoreProblem::unknown_format,
        "encrypted with an algorithm of old JDKs that needs OpenSSL's legacy provider: install it (legacy.so; "
        "package openssl-provider-legacy on newer Debian, openssl-libs on RHEL)");
  }
  return loaded;
}

bool unsupported_algorithm() {
  // The first entry comes from the innermost call, which did not find the algorithm.
  const unsigned long code = ERR_peek_error();
  if (ERR_GET_LIB(code) != ERR_LIB_EVP) {
    return false;
  }
  const int reason = ERR_GET_REASON(code);
  return reason == ERR_R_UNSUPPORTED || reason == EVP_R_UNSUPPORTED_ALGORITHM || reason == EVP_R_UNSUPPORTED_CIPHER ||
         reason == EVP_R_UNKNOWN_PBE_ALGORITHM || reason == EVP_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION ||
         reason == EVP_R_UNSUPPORTED_PRF;
}

tl::unexpected<KeystoreError> decryption_failure(const Secret& password, std::string_view what) {
  if (unsupported_algorithm()) {
    return problem(KeystoreProblem::unknown_format,
                   fmt::format("{} is encrypted with an algorithm that OpenSSL does not support", what));
  }
  return wrong_password(password, what);
}

Parsed<void> DerivationBudget::take(const X509_ALGOR& algorithm, std::string_view what) {
  const int scheme = OBJ_obj2nid(algorithm.algorithm);
  jdk_decrypts_ = jdk_decrypts_ && jdk_supports(algorithm);
  if (is_pkcs5_1_or_pkcs12(scheme)) {
    const auto parameters = unpack<PbeParametersPtr>(ASN1_ITEM_rptr(PBEPARAM), algorithm.parameter);
    // One block of SHA-1 for the IV, and up to two for the key (triple DES).
    return parameters ? take(parameters->iter, 3, parameters->salt, what) : unsupported(what, scheme);
  }
  if (scheme != NID_pbes2) {
    return unsupported(what, scheme);
  }
  const auto outer = unpack<Pbes2ParametersPtr>(ASN1_ITEM_rptr(PBE2PARAM), algorithm.parameter);
  const int derivation = outer ? OBJ_obj2nid(outer->keyfunc->algorithm) : NID_undef;
  if (derivation != NID_id_pbkdf2) {
    return unsupported(what, derivation);
  }
  const auto inner = unpack<Pbkdf2ParametersPtr>(ASN1_ITEM_rptr(PBKDF2PARAM), outer->keyfunc->parameter);
  if (!inner || inner->salt->type != V_ASN1_OCTET_STRING) {
    return unsupported(what, derivation);
  }
  const int function = inner->prf != nullptr ? OBJ_obj2nid(inner->prf->algorithm) : NID_hmacWithSHA1;
  const int block = digest_size(digest_of(function));
  std::int64_t key = kLargestKey;  // if the file does not specify it
  if (block == 0 || (inner->keylength != nullptr &&
                     (ASN1_INTEGER_get_int64(&key, inner->keylength) != 1 || key < 1 || key > kLargestKey))) {
    return unsupported(what, block == 0 ? function : derivation);
  }
  return take(inner->iter, static_cast<int>((key + block - 1) / block), inner->salt->value.octet_string, what);
}

Parsed<void> DerivationBudget::take_mac(const PKCS12& pkcs12) {
  constexpr std::string_view kMac = "its MAC";
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_OCTET_STRING* salt = nullptr;
  const ASN1_INTEGER* rounds = nullptr;
  PKCS12_get0_mac(nullptr, &algorithm, &salt, &rounds, &pkcs12);
  const int digest = OBJ_obj2nid(algorithm->algorithm);
  return digest_size(digest) == 0 ? unsupported(kMac, digest) : take(rounds, 1, salt, kMac);
}

Parsed<void> DerivationBudget::take(const ASN1_INTEGER* rounds, int blocks, const ASN1_OCTET_STRING* salt,
                                    std::string_view what) {
  std::int64_t count = 1;  // the default
  if (rounds != nullptr && (ASN1_INTEGER_get_int64(&count, rounds) != 1 || count < 1)) {
    count = left_ + 1;
  }
  if (ASN1_STRING_length(salt) > kSaltLimit) {
    return problem(KeystoreProblem::damaged, fmt::format("{} has a salt of more than {} bytes", what, kSaltLimit));
  }
  if (count > left_ / blocks) {
    return problem(KeystoreProblem::damaged,
                   fmt::format("{} needs too many rounds of key derivation, alone or with the rest of the file", what));
  }
  left_ -= std::max(count * blocks, kLeastCost);
  return {};
}

}  // namespace renewd::certificate
