// How etcd's gateway refuses a call, and what that means.
#pragma once

#include <string>
#include <string_view>

#include "fleet/store.hpp"

namespace renewd::fleet {

// As 3.4 ("error", "message", "code" or "grpc_code") and 3.6 ("message", "code") write it, or plain text.
struct GatewayError {
  unsigned http_status = 0;
  int code = -1;  // of gRPC; -1: none
  std::string message;

  bool operator==(const GatewayError&) const = default;
};

// The error of a response that is not 200.
GatewayError parse_error(unsigned http_status, std::string_view body);
// Whether a response of 200 is an error all the same: a stream that begins with one.
bool begins_with_error(std::string_view body);

enum class Reaction {
  none,
  authenticate,        // the token is missing, unknown or too old
  authentication_off,  // no token is needed
  wrong_password,
  lease_gone,
  elsewhere  // another endpoint may do better
};

struct Explained {
  StoreError error;
  Reaction reaction;
};
Explained explain(const GatewayError& error);

// What an operator can do. Empty where nothing helps in general.
std::string_view advice_on(Unreachable reason);

StoreError store_error(Unreachable reason, std::string message);

}  // namespace renewd::fleet
