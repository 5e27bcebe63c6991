// Issues certificates in the shape that was asked for, and keeps what it issued as files.
#pragma once

#include <string>
#include <vector>

#include "authority.hpp"
#include "containers.hpp"
#include "options.hpp"
#include "shapes.hpp"

namespace renewd::simulator {

struct Issued {
  std::string answer;  // as it is sent
  std::string file;    // its name under issued/, or empty when the answer holds none
};

class Issuer {
 public:
  // Writes the client authority and the initial keystore, and makes the keys of the first answers: a 4096-bit one takes
  // seconds, which no client should have to wait for.
  explicit Issuer(const Options& options);

  Issued issue();

 private:
  EvpPkeyPtr new_key() const;
  EvpPkeyPtr next_key();
  EVP_PKEY* certified_key(EVP_PKEY* fresh) const;
  void write_initial_keystore();
  Validity validity() const;
  std::string fill(const Contents& contents) const;

  const Options& options_;
  const Shape& shape_;
  Authority authority_;
  std::vector<EvpPkeyPtr> prepared_keys_;
  EvpPkeyPtr installed_key_;  // the public half is enough
  unsigned issued_ = 0;
};

void write_file(const std::filesystem::path& path, const std::string& bytes);

}  // namespace renewd::simulator
