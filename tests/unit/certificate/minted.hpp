// Creates certificates in memory with exact dates, for tests that need neither files nor formats.
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
  const Minted* subject_key = nullptr;  // whose key this certificate is for; null: a new key
  // If not empty, an Ed25519 key derived from this text instead of a random one, so that with `serial` the whole
  // certificate is reproducible.
  std::string seed = "";
  long serial = 0;  // 0: a new one each time
};

Minted mint(const Wanted& wanted);

// As an opened PKCS#12 with its key.
certificate::Keystore keystore_of(const Minted& minted, std::vector<certificate::Certificate> chain = {});

}  // namespace renewd::testing
