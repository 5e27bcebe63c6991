#include "certificate/pkcs12_bags.hpp"

#include <utility>

#include <openssl/err.h>

#include "certificate/alias.hpp"
#include "core/try.hpp"

namespace renewd::certificate {
namespace {

// For a failed call that decrypts: an algorithm that is missing, else the password.
tl::unexpected<Failure> decryption_failure(const Secret& given, std::string_view what) {
  if (unsupported_algorithm()) {
    auto error = problem(KeystoreProblem::unknown_format, "encrypted with an algorithm that OpenSSL does not have");
    return tl::unexpected(Failure{error.value(), true});
  }
  return fail(refused_password(given, what));
}

std::string alias_of(const ASN1_TYPE* name) {
  if (name == nullptr || name->type == V_ASN1_BOOLEAN || name->type == V_ASN1_OBJECT || name->type == V_ASN1_NULL) {
    return {};
  }
  const ASN1_STRING* text = name->value.asn1_string;
  if (name->type == V_ASN1_BMPSTRING) {
    return from_utf16({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                       static_cast<std::size_t>(ASN1_STRING_length(text))});
  }
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) {
    ERR_clear_error();
    return {};
  }
  std::string alias(utf8, utf8 + size);
  OPENSSL_free(utf8);
  return alias;
}

BagAttributes read_attributes(const PKCS12_SAFEBAG* bag, Contents& contents) {
  BagAttributes attributes;
  const ASN1_TYPE* name = PKCS12_SAFEBAG_get0_attr(bag, NID_friendlyName);
  attributes.alias = alias_of(name);
  contents.jdk_opens = contents.jdk_opens && (name == nullptr || name->type == V_ASN1_BMPSTRING);
  const ASN1_TYPE* id = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);
  if (id != nullptr && id->type == V_ASN1_OCTET_STRING) {
    const auto* data = ASN1_STRING_get0_data(id->value.octet_string);
    attributes.key_id.emplace(data, data + ASN1_STRING_length(id->value.octet_string));
  }
  return attributes;
}

// Where there is no localKeyID the JDK ties the first key to a certificate that is the first of its part of the file,
// behind that key.
constexpr const char* kIdOfJdk = "01";

// Takes keys and certificates out of `bags`; anything else (CRLs, secrets) is not ours. Recursion ends where OpenSSL's
// parser stopped nesting (30).
Attempt<void> collect(const STACK_OF(PKCS12_SAFEBAG) * bags, Contents& contents) {
  for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
    if (contents.certificates.size() + contents.keys.size() > kCertificateLimit) {
      return fail(too_many_entries());
    }
    PKCS12_SAFEBAG* bag = sk_PKCS12_SAFEBAG_value(bags, i);
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
      case NID_keyBag:
      case NID_pkcs8ShroudedKeyBag:
        contents.keys.push_back({bag, read_attributes(bag, contents)});
        if (auto& id = contents.keys.back().attributes.key_id; !id && contents.keys.size() == 1) {
          id = kIdOfJdk;
        }
        break;
      case NID_certBag: {
        if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) {
          break;
        }
        X509Ptr x509(PKCS12_SAFEBAG_get1_cert(bag));
        if (!x509) {
          return fail(damaged("a certificate in it cannot be parsed"));
        }
        contents.certificates.emplace_back(x509.release());
        contents.of_certificates.push_back(read_attributes(bag, contents));
        if (auto& id = contents.of_certificates.back().key_id; !id && contents.keys.size() == 1 && i == 0) {
          id = kIdOfJdk;
        }
        break;
      }
      case NID_safeContentsBag:
        if (auto nested = collect(PKCS12_SAFEBAG_get0_safes(bag), contents); !nested) {
          return nested;
        }
        break;
      default:
        break;
    }
  }
  return {};
}

Attempt<BagsPtr> unpack(PKCS7* safe, Password password, const Secret& given, DerivationBudget& budget) {
  if (PKCS7_type_is_data(safe) && safe->d.data != nullptr) {
    BagsPtr bags(PKCS12_unpack_p7data(safe));
    if (!bags) {
      return fail(damaged("its contents cannot be parsed"));
    }
    return bags;
  }
  const PKCS7_ENCRYPT* encrypted = PKCS7_type_is_encrypted(safe) ? safe->d.encrypted : nullptr;
  if (encrypted == nullptr || encrypted->enc_data->enc_data == nullptr) {
    return fail(damaged("it has contents of an unknown kind"));
  }
  if (auto taken = budget.take(*encrypted->enc_data->algorithm, "it"); !taken) {
    return fail(tl::unexpected(std::move(taken.error())));
  }
  BagsPtr bags(PKCS12_unpack_p7encdata(safe, password.data, password.size));
  if (!bags) {
    return decryption_failure(given, "the keystore");
  }
  return bags;
}

Attempt<Pkcs8Ptr> decrypt_key(const PKCS12_SAFEBAG* bag, Password password, const Secret& given, OSSL_LIB_CTX* context,
                              DerivationBudget& budget) {
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, nullptr);
  if (auto taken = budget.take(*algorithm, "its key"); !taken) {
    return fail(tl::unexpected(std::move(taken.error())));
  }
  Pkcs8Ptr pkcs8(PKCS12_decrypt_skey_ex(bag, password.data, password.size, context, nullptr));
  if (!pkcs8) {
    return decryption_failure(given, "the key in the keystore");
  }
  return pkcs8;
}

}  // namespace

Attempt<ReadKey> read_key(const PKCS12_SAFEBAG* bag, Password password, const Secret& given, OSSL_LIB_CTX* context,
                          DerivationBudget& budget) {
  Pkcs8Ptr decrypted;
  if (PKCS12_SAFEBAG_get_nid(bag) != NID_keyBag) {
    TRY_LET(auto pkcs8, decrypt_key(bag, password, given, context, budget));
    decrypted = std::move(pkcs8);
  }
  const PKCS8_PRIV_KEY_INFO* plain = decrypted ? decrypted.get() : PKCS12_SAFEBAG_get0_p8inf(bag);
  // In the global context on purpose: the key outlives the one that decrypted it.
  auto key = parse_key(*plain);
  if (!key) {
    return fail(damaged("its key cannot be parsed"));
  }
  return std::move(*key);
}

Attempt<Contents> read_bags(PKCS12* pkcs12, Password password, const Secret& given, DerivationBudget& budget) {
  const SafesPtr safes(PKCS12_unpack_authsafes(pkcs12));
  if (!safes) {
    return fail(damaged("its contents cannot be parsed"));
  }
  Contents contents;
  for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
    TRY_LET(auto bags, unpack(sk_PKCS7_value(safes.get(), i), password, given, budget));
    contents.bags.push_back(std::move(bags));
    TRY(collect(contents.bags.back().get(), contents));
  }
  return contents;
}

}  // namespace renewd::certificate
