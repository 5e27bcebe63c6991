#include "certificate/pkcs12_contents.hpp"

#include <numeric>
#include <utility>

#include "certificate/jdk_choice.hpp"
#include "certificate/pkcs12_bags.hpp"
#include "core/try.hpp"

namespace renewd::certificate {
namespace {

// The JDK's PKCS12KeyStore reads only encrypted keys with an id.
bool jdk_sees(const KeyBag& key) {
  return PKCS12_SAFEBAG_get_nid(key.bag) == NID_pkcs8ShroudedKeyBag && key.attributes.key_id;
}

// The keys in the gateway's order of preference; those that the JDK does not read come last.
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

struct KeyEntry {
  const KeyBag* bag = nullptr;
  ReadKey key;
  std::vector<std::size_t> certificates;  // those with its public key
};

std::optional<std::size_t> choose_as_jdk(const KeyBag& key, const Contents& contents) {
  std::vector<std::size_t> all(contents.certificates.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return choose_as_jdk(key.attributes, contents.certificate_attributes, all);
}

// The first key that has a certificate, else the first key. Compares keys, not ids, which may be on the wrong
// certificate; ids only for a key that was not read. `contents` must have a key.
Parsed<KeyEntry> choose_entry(const Contents& contents, Pkcs12Attempt& attempt) {
  KeyEntry chosen;
  for (const KeyBag* bag : ordered_keys(contents.keys)) {
    auto key = read_key(bag->bag, attempt);
    if (!key && chosen.bag != nullptr) {
      attempt.unsupported = false;
      continue;  // it may have another password
    }
    if (!key) {
      return tl::unexpected(std::move(key.error()));
    }
    KeyEntry entry{bag, std::move(*key), {}};
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

Parsed<Keystore> keystore_with_key(KeyEntry entry, const Contents& contents) {
  const auto jdk_choice = choose_as_jdk(*entry.bag, contents);
  std::optional<std::size_t> end_entity = jdk_choice;
  if (!entry.certificates.empty()) {
    end_entity = choose_as_jdk(entry.bag->attributes, contents.certificate_attributes, entry.certificates)
                     .value_or(entry.certificates.front());
  }
  auto keystore = assemble(Format::pkcs12, contents.certificates, end_entity);
  if (keystore) {
    keystore->alias = entry.bag->attributes.alias;
    keystore->has_key_entry = true;
    keystore->key = std::move(entry.key.key);
    keystore->unread_key = std::move(entry.key.objection);
    keystore->ambiguous = !contents.jdk_opens || !jdk_sees(*entry.bag) || !jdk_choice ||
                          X509_cmp(contents.certificates[*jdk_choice].get(), keystore->certificate.get()) != 0;
  }
  return keystore;
}

Parsed<Keystore> keystore_without_key(const Contents& contents) {
  std::optional<std::size_t> end_entity;
  if (!contents.certificates.empty()) {
    end_entity = find_end_entity(contents.certificates);
  }
  auto keystore = assemble(Format::pkcs12, contents.certificates, end_entity);
  if (keystore) {
    keystore->alias = contents.certificate_attributes[*end_entity].alias;
  }
  return keystore;
}

}  // namespace

Parsed<Keystore> read_contents(PKCS12* pkcs12, Pkcs12Attempt& attempt) {
  TRY_LET(auto contents, read_bags(pkcs12, attempt));
  if (contents.keys.empty()) {
    return keystore_without_key(contents);
  }
  TRY_LET(auto entry, choose_entry(contents, attempt));
  contents.jdk_opens = contents.jdk_opens && attempt.budget.jdk_decrypts();
  return keystore_with_key(std::move(entry), contents);
}

}  // namespace renewd::certificate
