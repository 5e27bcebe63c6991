#include "certificate/pkcs12_contents.hpp"

#include <algorithm>
#include <utility>

#include "certificate/key_policy.hpp"

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
    if (contents.certificates.size() + contents.keys.size() > kCertificateLimit) {
      return fail(too_many_entries());
    }
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

Attempt<ReadKey> read_key(const PKCS12_SAFEBAG* bag, Password password, const Secret& given, OSSL_LIB_CTX* context,
                          DerivationBudget& budget) {
  Pkcs8Ptr decrypted;
  if (PKCS12_SAFEBAG_get_nid(bag) != NID_keyBag) {
    auto pkcs8 = decrypt_key(bag, password, given, context, budget);
    if (!pkcs8) {
      return tl::unexpected(std::move(pkcs8.error()));
    }
    decrypted = std::move(*pkcs8);
  }
  const PKCS8_PRIV_KEY_INFO* plain = decrypted ? decrypted.get() : PKCS12_SAFEBAG_get0_p8inf(bag);
  // In the global context on purpose: the key outlives the one that decrypted it.
  auto key = parse_key(*plain);
  if (!key) {
    return fail(damaged("its key cannot be parsed"));
  }
  return std::move(*key);
}

// The certificate of a key: the JDK goes by the key id, files without one by the public key.
std::optional<std::size_t> certificate_of(const KeyBag& entry, const ReadKey& read, const Contents& contents) {
  const auto& all = contents.certificates;
  auto found = all.end();
  if (!entry.key_id.empty()) {
    found = std::find_if(all.begin(), all.end(), [&](const auto& other) { return other.key_id == entry.key_id; });
  }
  if (found == all.end() && read.key) {
    found = std::find_if(all.begin(), all.end(),
                         [&](const auto& other) { return other.certificate.belongs_to(*read.key); });
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

Attempt<Contents> read_bags(PKCS12* pkcs12, Password password, const Secret& given, DerivationBudget& budget) {
  const SafesPtr safes(PKCS12_unpack_authsafes(pkcs12));
  if (!safes) {
    return fail(damaged("its contents cannot be parsed"));
  }
  Contents contents;
  for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
    auto bags = unpack(sk_PKCS7_value(safes.get(), i), password, given, budget);
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

Attempt<Keystore> read_contents(PKCS12* pkcs12, Password password, const Secret& given, OSSL_LIB_CTX* context,
                                DerivationBudget& budget) {
  auto contents = read_bags(pkcs12, password, given, budget);
  if (!contents) {
    return tl::unexpected(std::move(contents.error()));
  }
  std::vector<Certificate> certificates;
  for (const auto& entry : contents->certificates) {
    certificates.push_back(entry.certificate);
  }
  const bool has_key = !contents->keys.empty();
  ReadKey key;
  std::optional<std::size_t> end_entity;
  if (has_key) {
    const KeyBag& entry = choose(contents->keys);
    auto read = read_key(entry.bag, password, given, context, budget);
    if (!read) {
      return tl::unexpected(std::move(read.error()));
    }
    key = std::move(*read);
    end_entity = certificate_of(entry, key, *contents);
  }
  if (!end_entity && !certificates.empty()) {
    end_entity = find_end_entity(certificates);
  }
  auto keystore = assemble(Format::pkcs12, certificates, end_entity);
  if (!keystore) {
    return tl::unexpected(Failure{std::move(keystore.error())});
  }
  if (has_key) {
    keystore->alias = choose(contents->keys).alias;
  } else if (end_entity) {
    keystore->alias = contents->certificates[*end_entity].alias;
  }
  keystore->has_key_entry = has_key;
  keystore->key = std::move(key.key);
  keystore->unread_key = std::move(key.objection);
  return std::move(*keystore);
}

}  // namespace renewd::certificate
