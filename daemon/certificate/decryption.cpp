#include "certificate/decryption.hpp"

#include <openssl/err.h>

namespace renewd::certificate {
namespace {

constexpr std::int64_t kIterationLimit = 5'000'000;

using PbeParametersPtr = std::unique_ptr<PBEPARAM, Free<PBEPARAM_free>>;
using Pbes2ParametersPtr = std::unique_ptr<PBE2PARAM, Free<PBE2PARAM_free>>;
using Pbkdf2ParametersPtr = std::unique_ptr<PBKDF2PARAM, Free<PBKDF2PARAM_free>>;

template <typename Pointer>
Pointer unpack(const ASN1_ITEM* item, const ASN1_TYPE* parameter) {
  return Pointer(static_cast<typename Pointer::pointer>(ASN1_TYPE_unpack_sequence(item, parameter)));
}

}  // namespace

LegacyContext::LegacyContext() : context_(OSSL_LIB_CTX_new()) {
  if (context_) {
    default_.reset(OSSL_PROVIDER_load(context_.get(), "default"));
    legacy_.reset(OSSL_PROVIDER_load(context_.get(), "legacy"));
  }
}

bool unsupported_algorithm() {
  // The first entry is the innermost call, the one that did not find the algorithm.
  const unsigned long code = ERR_peek_error();
  if (ERR_GET_LIB(code) != ERR_LIB_EVP) {
    return false;
  }
  const int reason = ERR_GET_REASON(code);
  return reason == ERR_R_UNSUPPORTED || reason == EVP_R_UNSUPPORTED_ALGORITHM || reason == EVP_R_UNSUPPORTED_CIPHER ||
         reason == EVP_R_UNKNOWN_PBE_ALGORITHM || reason == EVP_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION ||
         reason == EVP_R_UNSUPPORTED_PRF;
}

bool affordable(const ASN1_INTEGER* iterations) {
  std::int64_t count = 1;
  if (iterations != nullptr && ASN1_INTEGER_get_int64(&count, iterations) != 1) {
    ERR_clear_error();
    return false;
  }
  return count <= kIterationLimit;
}

bool affordable(const X509_ALGOR& algorithm) {
  bool result = true;
  if (OBJ_obj2nid(algorithm.algorithm) != NID_pbes2) {
    const auto parameters = unpack<PbeParametersPtr>(ASN1_ITEM_rptr(PBEPARAM), algorithm.parameter);
    result = !parameters || affordable(parameters->iter);
  } else {
    const auto outer = unpack<Pbes2ParametersPtr>(ASN1_ITEM_rptr(PBE2PARAM), algorithm.parameter);
    if (outer && OBJ_obj2nid(outer->keyfunc->algorithm) == NID_id_pbkdf2) {
      const auto inner = unpack<Pbkdf2ParametersPtr>(ASN1_ITEM_rptr(PBKDF2PARAM), outer->keyfunc->parameter);
      result = !inner || affordable(inner->iter);
    }
  }
  ERR_clear_error();
  return result;
}

}  // namespace renewd::certificate
