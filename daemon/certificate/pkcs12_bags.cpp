#include "certificate/pkcs12_bags.hpp"

#include <utility>

#include <openssl/err.h>

#include "certificate/alias.hpp"
#include "core/try.hpp"

namespace renewd::certificate {
namespace {

// As decryption_failure(), and records whether another library context may help.
tl::unexpected<KeystoreError> failed(Pkcs12Attempt& attempt, std::string_view what) {
  attempt.unsupported = unsupported_algorithm();
  return decryption_failure(attempt.given, what);
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

// Without a localKeyID, the JDK assigns the first key to a certificate after it that is the first of its part of the
// file.
constexpr const char* kIdOfJdk = "01";

// Collects keys and certificates; ignores CRLs and secrets. OpenSSL's parser limits the recursion (30).
Parsed<void> collect(const STACK_OF(PKCS12_SAFEBAG) * bags, Contents& contents) {
  for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
    if (contents.certificates.size() + contents.keys.size() > kCertificateLimit) {
      return too_many_entries();
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
          return damaged("a certificate in it cannot be parsed");
        }
        contents.certificates.emplace_back(x509.release());
        contents.certificate_attributes.push_back(read_attributes(bag, contents));
        if (auto& id = contents.certificate_attributes.back().key_id; !id && contents.keys.size() == 1 && i == 0) {
          id = kIdOfJdk;
        }
        break;
      }
      case NID_safeContentsBag:
        TRY(collect(PKCS12_SAFEBAG_get0_safes(bag), contents));
        break;
      default:
        break;
    }
  }
  return {};
}

Parsed<BagsPtr> unpack(PKCS7* safe, Pkcs12Attempt& attempt) {
  if (PKCS7_type_is_data(safe) && safe->d.data != nullptr) {
    BagsPtr bags(PKCS12_unpack_p7data(safe));
    if (!bags) {
      return damaged("its contents cannot be parsed");
    }
    return bags;
  }
  const PKCS7_ENCRYPT* encrypted = PKCS7_type_is_encrypted(safe) ? safe->d.encrypted : nullptr;
  if (encrypted == nullptr || encrypted->enc_data->enc_data == nullptr) {
    return damaged("it has contents of an unknown type");
  }
  TRY(attempt.budget.take(*encrypted->enc_data->algorithm, "it"));
  BagsPtr bags(PKCS12_unpack_p7encdata(safe, attempt.password.data, attempt.password.size));
  if (!bags) {
    return failed(attempt, "the keystore");
  }
  return bags;
}

Parsed<Pkcs8Ptr> decrypt_key(const PKCS12_SAFEBAG* bag, Pkcs12Attempt& attempt) {
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, nullptr);
  TRY(attempt.budget.take(*algorithm, "its key"));
  Pkcs8Ptr pkcs8(PKCS12_decrypt_skey_ex(bag, attempt.password.data, attempt.password.size, attempt.context, nullptr));
  if (!pkcs8) {
    return failed(attempt, "the key in the keystore");
  }
  return pkcs8;
}

}  // namespace

Parsed<ReadKey> read_key(const PKCS12_SAFEBAG* bag, Pkcs12Attempt& attempt) {
  Pkcs8Ptr decrypted;
  if (PKCS12_SAFEBAG_get_nid(bag) != NID_keyBag) {
    TRY_LET(decrypted, decrypt_key(bag, attempt));
  }
  // In the global context: the key outlives the attempt's context.
  auto key = parse_key(decrypted ? *decrypted : *PKCS12_SAFEBAG_get0_p8inf(bag));
  if (!key) {
    return damaged("its key cannot be parsed");
  }
  return std::move(*key);
}

Parsed<Contents> read_bags(PKCS12* pkcs12, Pkcs12Attempt& attempt) {
  const SafesPtr safes(PKCS12_unpack_authsafes(pkcs12));
  if (!safes) {
    return damaged("its contents cannot be parsed");
  }
  Contents contents;
  for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
    TRY_LET(auto bags, unpack(sk_PKCS7_value(safes.get(), i), attempt));
    contents.bags.push_back(std::move(bags));
    TRY(collect(contents.bags.back().get(), contents));
  }
  return contents;
}

}  // namespace renewd::certificate
