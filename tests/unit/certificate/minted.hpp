// Certificates made in memory with exact dates, for tests that need neither files nor formats.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "certificate/keystore.hpp"

namespace renewd::testing {

struct Minted {
  certificate::Certificate certificate;
  certificate::PrivateKey key;
};

struct Wanted {
  std::string common_name;
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;
  std::string curve = "P-256";
  const Minted* issuer = nullptr;  // null: self-signed
  bool authority = false;
  const Minted* subject_key = nullptr;  // the one whose key this certificate is for; null: a key of its own
  // Not empty: an Ed25519 key made of this text instead of a random one, so that with `serial` the whole certificate is
  // the same each time.
  std::string seed = "";
  long serial = 0;  // 0: another one for each
};

Minted mint(const Wanted& wanted);

// A PKCS#12 as opened, with key.
certificate::Keystore keystore_of(const Minted& minted, std::vector<certificate::Certificate> chain = {});

}  // namespace renewd::testing
