#include "certificate/pkcs12_contents.hpp"

#include <algorithm>
#include <utility>

#include "certificate/decryption.hpp"

namespace renewd::certificate {
namespace {

inline void free_safes(STACK_OF(PKCS7) * safes) {
  sk_PKCS7_pop_free(safes, PKCS7_free);
}
inline void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags) {
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}
using SafesPtr = std::unique_ptr<STACK_OF(PKCS7), Free<free_safes>>;
using BagsPtr = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), Free<free_bags>>;

// For a failed call that decrypts: an algorithm that is missing, else the password.
tl::unexpected<Failure> decryption_failure(const Secret& given, std::string_view what) {
  if (unsupported_algorithm()) {
    auto error = problem(KeystoreProblem::unknown_format, "encrypted with an algorithm that OpenSSL does not have");
    return tl::unexpected(Failure{error.value(), true});
  }
  return fail(refused_password(given, what));
}

struct BagAttributes {
  std::string alias;
  std::string key_id;  // what ties a key to its certificate
};

struct CertificateBag : BagAttributes {
  Certificate certificate;
};

struct KeyBag : BagAttributes {
  const PKCS12_SAFEBAG* bag;  // owned by Contents::bags
};

struct Contents {
  std::vector<BagsPtr> bags;
  std::vector<CertificateBag> certificates;
  std::vector<KeyBag> keys;
};

BagAttributes read_attributes(PKCS12_SAFEBAG* bag) {
  BagAttributes entry;
  if (char* name = PKCS12_get_friendlyname(bag)) {  // UTF-8, ours to free
    entry.alias = name;
    OPENSSL_free(name);
  }
  const ASN1_TYPE* id = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);
  if (id != nullptr && id->type == V_ASN1_OCTET_STRING) {
    const auto* data = ASN1_STRING_get0_data(id->value.octet_string);
    entry.key_id.assign(data, data + ASN1_STRING_length(id->value.octet_string));
  }
  return entry;
}

// Takes keys and certificates out of `bags`; anything else (CRLs, secrets) is not ours. Recursion ends where OpenSSL's
// parser stopped nesting (30).
Attempt<void> collect(const STACK_OF(PKCS12_SAFEBAG) * bags, Contents& contents) {
  for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
    PKCS12_SAFEBAG* bag = sk_PKCS12_SAFEBAG_value(bags, i);
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
      case NID_keyBag:
      case NID_pkcs8ShroudedKeyBag:
        contents.keys.push_back({read_attributes(bag), bag});
        break;
      case NID_certBag: {
        if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) {
          break;
        }
        X509Ptr x509(PKCS12_SAFEBAG_get1_cert(bag));
        if (!x509) {
          return fail(damaged("a certificate in it cannot be parsed"));
        }
        contents.certificates.push_back({read_attributes(bag), Certificate(x509.release())});
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

Attempt<BagsPtr> unpack(PKCS7* safe, Password password, const Secret& given) {
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
  if (!affordable(*encrypted->enc_data->algorithm)) {
    return fail(damaged("it asks for too many rounds of key derivation"));
  }
  BagsPtr bags(PKCS12_unpack_p7encdata(safe, password.data, password.size));
  if (!bags) {
    return decryption_failure(given, "the keystore");
  }
  return bags;
}

Attempt<PrivateKey> read_key(const PKCS12_SAFEBAG* bag, Password password, const Secret& given, OSSL_LIB_CTX* context) {
  EvpPkeyPtr key;
  if (PKCS12_SAFEBAG_get_nid(bag) == NID_keyBag) {
    key.reset(EVP_PKCS82PKEY(PKCS12_SAFEBAG_get0_p8inf(bag)));
  } else {
    const X509_ALGOR* algorithm = nullptr;
    X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, nullptr);
    if (!affordable(*algorithm)) {
      return fail(damaged("its key asks for too many rounds of key derivation"));
    }
    const Pkcs8Ptr pkcs8(PKCS12_decrypt_skey_ex(bag, password.data, password.size, context, nullptr));
    if (!pkcs8) {
      return decryption_failure(given, "the key in the keystore");
    }
    // In the global context on purpose: the key outlives the one that decrypted it.
    key.reset(EVP_PKCS82PKEY(pkcs8.get()));
  }
  if (!key) {
    return fail(damaged("its key cannot be parsed"));
  }
  return PrivateKey(key.release());
}

// The certificate of a key: the JDK goes by the key id, files without one by the public key.
std::optional<std::size_t> certificate_of(const KeyBag& entry, const PrivateKey& key, const Contents& contents) {
  const auto& all = contents.certificates;
  auto found = all.end();
  if (!entry.key_id.empty()) {
    found = std::find_if(all.begin(), all.end(), [&](const auto& other) { return other.key_id == entry.key_id; });
  }
  if (found == all.end()) {
    found = std::find_if(all.begin(), all.end(), [&](const auto& other) { return other.certificate.belongs_to(key); });
  }
  if (found == all.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - all.begin());
}

// The key under Gravitee's alias, else the first. `keys` is not empty.
const KeyBag& choose(const std::vector<KeyBag>& keys) {
  const auto preferred =
      std::find_if(keys.begin(), keys.end(), [](const auto& entry) { return is_preferred_alias(entry.alias); });
  return preferred != keys.end() ? *preferred : keys.front();
}

Attempt<Contents> read_bags(PKCS12* pkcs12, Password password, const Secret& given) {
  const SafesPtr safes(PKCS12_unpack_authsafes(pkcs12));
  if (!safes) {
    return fail(damaged("its contents cannot be parsed"));
  }
  Contents contents;
  for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
    auto bags = unpack(sk_PKCS7_value(safes.get(), i), password, given);
    if (!bags) {
      return tl::unexpected(std::move(bags.error()));
    }
    contents.bags.push_back(std::move(*bags));
    if (auto collected = collect(contents.bags.back().get(), contents); !collected) {
      return tl::unexpected(std::move(collected.error()));
    }
  }
  return contents;
}

}  // namespace

Attempt<Keystore> read_contents(PKCS12* pkcs12, Password password, const Secret& given, OSSL_LIB_CTX* context) {
  auto contents = read_bags(pkcs12, password, given);
  if (!contents) {
    return tl::unexpected(std::move(contents.error()));
  }
  std::vector<Certificate> certificates;
  for (const auto& entry : contents->certificates) {
    certificates.push_back(entry.certificate);
  }
  std::optional<PrivateKey> key;
  std::optional<std::size_t> end_entity;
  if (!contents->keys.empty()) {
    const KeyBag& entry = choose(contents->keys);
    auto read = read_key(entry.bag, password, given, context);
    if (!read) {
      return tl::unexpected(std::move(read.error()));
    }
    key = std::move(*read);
    end_entity = certificate_of(entry, *key, *contents);
  }
  if (!end_entity && !certificates.empty() && certificates.size() <= kCertificateLimit) {
    end_entity = find_end_entity(certificates);
  }
  auto keystore = assemble(Format::pkcs12, certificates, end_entity);
  if (!keystore) {
    return tl::unexpected(Failure{std::move(keystore.error())});
  }
  if (key) {
    keystore->alias = choose(contents->keys).alias;
  } else if (end_entity) {
    keystore->alias = contents->certificates[*end_entity].alias;
  }
  keystore->has_key_entry = key.has_value();
  keystore->key = std::move(key);
  return std::move(*keystore);
}

}  // namespace renewd::certificate
