// Certificates that are the same in each run, so that an input means the same: their keys are derived from numbers.
#pragma once

#include <string>
#include <vector>

#include "certificate/keystore.hpp"

namespace renewd::fuzz {

struct Issued {
  certificate::Certificate certificate;
  certificate::PrivateKey key;
};

// A root, an intermediate, and six of one account: with the keys 2, 3, 2, 3, 4, 4, each valid longer than the one
// before; the last one is issued by itself.
const std::vector<Issued>& issued_certificates();

// Ed25519, whose key is any 32 bytes.
certificate::PrivateKey key_number(unsigned char number);

}  // namespace renewd::fuzz
