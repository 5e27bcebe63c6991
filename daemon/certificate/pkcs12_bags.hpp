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
  std::vector<BagAttributes> certificate_attributes;  // one for each certificate
  std::vector<KeyBag> keys;
  bool jdk_opens = true;  // false: a friendlyName is not a BMPString, which the JDK rejects
};

Parsed<Contents> read_bags(PKCS12* pkcs12, Pkcs12Attempt& attempt);

Parsed<ReadKey> read_key(const PKCS12_SAFEBAG* bag, Pkcs12Attempt& attempt);

}  // namespace renewd::certificate
