// Keys and certificates: an authority of the simulator's own and what it issues. Written against OpenSSL alone, so that
// the daemon's certificate code is judged by something that does not share its mistakes. Failures throw.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "certificate/openssl.hpp"

namespace renewd::simulator {

using certificate::EvpPkeyPtr;
using certificate::X509Ptr;
using SystemTime = std::chrono::system_clock::time_point;

// Throws with OpenSSL's own words when `succeeded` is false.
void require(bool succeeded, const std::string& doing);

// "rsa:4096", "ec:P-256". Throws for anything else.
EvpPkeyPtr generate_key(const std::string& kind);

using Subject = std::vector<std::pair<std::string, std::string>>;

struct Validity {
  SystemTime not_before;
  SystemTime not_after;
};

class Authority {
 public:
  // Self-signed for ten years. The name gets a random suffix: bundles hold the authorities of several simulators.
  Authority(const std::string& name, const std::string& key_kind);

  // Borrowed: valid as long as this object.
  X509* certificate() const { return certificate_.get(); }

  // With the extended key usage clientAuth.
  X509Ptr issue_client(const Subject& subject, const Validity& validity, EVP_PKEY* public_key) const;
  // With the extended key usage serverAuth; `alternative_name` as in x509v3_config(5): "IP:127.0.0.1".
  X509Ptr issue_server(const std::string& alternative_name, const Validity& validity, EVP_PKEY* public_key) const;

 private:
  EvpPkeyPtr key_;
  X509Ptr certificate_;
};

}  // namespace renewd::simulator
