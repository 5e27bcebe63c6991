#include "fleet/store.hpp"

namespace renewd::fleet {

std::string_view to_string(Unreachable reason) {
  switch (reason) {
    case Unreachable::dns:
      return "dns";
    case Unreachable::connect:
      return "connect";
    case Unreachable::tls:
      return "tls";
    case Unreachable::timeout:
      return "timeout";
    case Unreachable::no_leader:
      return "no_leader";
    case Unreachable::auth:
      return "auth";
    case Unreachable::permission:
      return "permission";
    case Unreachable::gateway_off:
      return "gateway_off";
    case Unreachable::client_cn:
      return "client_cn";
    case Unreachable::too_large:
      return "too_large";
    case Unreachable::no_space:
      return "no_space";
    case Unreachable::bad_answer:
      return "bad_answer";
    case Unreachable::cancelled:
      return "cancelled";
  }
  return "unknown";
}

}  // namespace renewd::fleet
