#include "certificate/pkcs12_contents.hpp"

#include <numeric>
#include <utility>

#include <openssl/err.h>

#include "certificate/alias.hpp"
#include "certificate/jdk_choice.hpp"
#include "certificate/key_policy.hpp"

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

struct KeyBag {
  const PKCS12_SAFEBAG* bag;  // owned by Contents::bags
  BagAttributes attributes;
};

struct Contents {
  std::vector<BagsPtr> bags;
  std::vector<Certificate> certificates;
  std::vector<BagAttributes> of_certificates;  // one for each
  std::vector<KeyBag> keys;
  bool jdk_opens = true;  // false: a friendlyName that is no BMPString, which the JDK does not get past
};

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

// A key of the JDK's PKCS12KeyStore: encrypted, and with an id.
bool jdk_sees(const KeyBag& key) {
  return PKCS12_SAFEBAG_get_nid(key.bag) == NID_pkcs8ShroudedKeyBag && key.attributes.key_id;
}

// The keys in the order in which the gateway takes them; those that the JDK does not see come last.
std::vector<const KeyBag*> ordered_keys(const std::vector<KeyBag>& keys) {
  std::vector<const KeyBag*> seen;
  std::vector<const KeyBag*> others;
  std::vector<std::string> aliases;
  int nameless = 0;
  for (const auto& key : keys) {
    if (!jdk_sees(key)) {
      others.push_back(&key);
      continue;
    }
    seen.push_back(&key);
    aliases.push_back(!key.attributes.alias.empty() ? key.attributes.alias : std::to_string(++nameless));
  }
  std::vector<const KeyBag*> ordered;
  for (const std::size_t i : gateway_order(aliases)) {
    ordered.push_back(seen[i]);
  }
  ordered.insert(ordered.end(), others.begin(), others.end());
  return ordered;
}

struct Entry {
  const KeyBag* bag = nullptr;
  ReadKey key;
  std::vector<std::size_t> certificates;  // those with its public key
};

std::optional<std::size_t> choose_as_jdk(const KeyBag& key, const Contents& contents) {
  std::vector<std::size_t> all(contents.certificates.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return choose_as_jdk(key.attributes, contents.of_certificates, all);
}

// Of several keys the first that a certificate is for, else the first: keys are compared, not ids, which may be on the
// wrong certificate. Where a key was left unread, its id must do. There is a key.
Attempt<Entry> choose_entry(const Contents& contents, Password password, const Secret& given, OSSL_LIB_CTX* context,
                            DerivationBudget& budget) {
  Entry chosen;
  for (const KeyBag* bag : ordered_keys(contents.keys)) {
    auto key = read_key(bag->bag, password, given, context, budget);
    if (!key && chosen.bag != nullptr) {
      continue;  // under a password of its own, perhaps
    }
    if (!key) {
      return tl::unexpected(std::move(key.error()));
    }
    Entry entry{bag, std::move(*key), {}};
    for (std::size_t i = 0; entry.key.key && i < contents.certificates.size(); ++i) {
      if (contents.certificates[i].belongs_to(*entry.key.key)) {
        entry.certificates.push_back(i);
      }
    }
    const bool found = !entry.certificates.empty() || (!entry.key.key && choose_as_jdk(*bag, contents));
    if (found || chosen.bag == nullptr) {
      chosen = std::move(entry);
    }
    if (found) {
      break;
    }
  }
  return chosen;
}

// The keystore around the key's entry.
Parsed<Keystore> around(Entry entry, const Contents& contents) {
  const auto of_jdk = choose_as_jdk(*entry.bag, contents);
  std::optional<std::size_t> end_entity = of_jdk;
  if (!entry.certificates.empty()) {
    end_entity = choose_as_jdk(entry.bag->attributes, contents.of_certificates, entry.certificates)
                     .value_or(entry.certificates.front());
  }
  auto keystore = assemble(Format::pkcs12, contents.certificates, end_entity);
  if (keystore) {
    keystore->alias = entry.bag->attributes.alias;
    keystore->has_key_entry = true;
    keystore->key = std::move(entry.key.key);
    keystore->unread_key = std::move(entry.key.objection);
    keystore->ambiguous = !contents.jdk_opens || !jdk_sees(*entry.bag) || !of_jdk ||
                          X509_cmp(contents.certificates[*of_jdk].get(), keystore->certificate.get()) != 0;
  }
  return keystore;
}

Parsed<Keystore> without_key(const Contents& contents) {
  std::optional<std::size_t> end_entity;
  if (!contents.certificates.empty()) {
    end_entity = find_end_entity(contents.certificates);
  }
  auto keystore = assemble(Format::pkcs12, contents.certificates, end_entity);
  if (keystore) {
    keystore->alias = contents.of_certificates[*end_entity].alias;
  }
  return keystore;
}

}  // namespace

Attempt<Keystore> read_contents(PKCS12* pkcs12, Password password, const Secret& given, OSSL_LIB_CTX* context,
                                DerivationBudget& budget) {
  auto contents = read_bags(pkcs12, password, given, budget);
  if (!contents) {
    return tl::unexpected(std::move(contents.error()));
  }
  const auto as_failure = [](KeystoreError error) { return Failure{std::move(error)}; };
  if (contents->keys.empty()) {
    return without_key(*contents).map_error(as_failure);
  }
  auto entry = choose_entry(*contents, password, given, context, budget);
  if (!entry) {
    return tl::unexpected(std::move(entry.error()));
  }
  return around(std::move(*entry), *contents).map_error(as_failure);
}

}  // namespace renewd::certificate
