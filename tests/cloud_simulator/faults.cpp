#include "faults.hpp"

#include <stdexcept>

namespace renewd::simulator {

const std::vector<std::pair<std::string_view, Fault>>& fault_names() {
  static const std::vector<std::pair<std::string_view, Fault>> all = {
      {"reset-on-accept", Fault::reset_on_accept},
      {"close-on-accept", Fault::close_on_accept},
      {"stall-accept", Fault::stall_accept},
      {"stall-handshake", Fault::stall_handshake},
      {"plain-http", Fault::plain_http},
      {"wrong-host", Fault::wrong_host},
      {"expired-server", Fault::expired_server},
      {"unknown-ca", Fault::unknown_ca},
      {"tls11-only", Fault::tls11_only},
      {"reset-after-request", Fault::reset_after_request},
      {"close-after-request", Fault::close_after_request},
      {"stall-after-request", Fault::stall_after_request},
      {"stall-in-header", Fault::stall_in_header},
      {"stall-in-body", Fault::stall_in_body},
      {"truncated-body", Fault::truncated_body},
      {"reset-in-body", Fault::reset_in_body},
      {"slow-drip", Fault::slow_drip},
      {"endless-body", Fault::endless_body},
      {"bad-http", Fault::bad_http},
      {"bad-length", Fault::bad_length},
      {"huge-header", Fault::huge_header},
  };
  return all;
}

Fault find_fault(std::string_view name) {
  if (name.empty()) {
    return Fault::none;
  }
  std::string names;
  for (const auto& [known, fault] : fault_names()) {
    if (known == name) {
      return fault;
    }
    names += " " + std::string(known);
  }
  throw std::runtime_error("no fault \"" + std::string(name) + "\"; there are:" + names);
}

}  // namespace renewd::simulator
