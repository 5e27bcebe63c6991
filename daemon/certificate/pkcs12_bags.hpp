// The bags of a PKCS#12 file, decrypted: its keys and certificates with their attributes. Private to this folder.
#pragma once

#include <vector>

#include "certificate/jdk_choice.hpp"
#include "certificate/key_policy.hpp"
#include "certificate/openssl.hpp"
#include "certificate/pkcs12_contents.hpp"

namespace renewd::certificate {

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

Attempt<Contents> read_bags(PKCS12* pkcs12, Password password, const Secret& given, DerivationBudget& budget);

Attempt<ReadKey> read_key(const PKCS12_SAFEBAG* bag, Password password, const Secret& given, OSSL_LIB_CTX* context,
                          DerivationBudget& budget);

}  // namespace renewd::certificate
