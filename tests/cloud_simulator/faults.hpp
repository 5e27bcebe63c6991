// What can go wrong on the way to an answer, by name. The server acts on it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace renewd::simulator {

enum class Fault {
  none,
  reset_on_accept,
  close_on_accept,
  stall_accept,     // accepted, but no TLS
  stall_handshake,  // a TLS record begins and does not end
  plain_http,       // HTTP without TLS
  wrong_host,       // the server's certificate is another host's
  expired_server,   // the server's certificate is over
  unknown_ca,       // the server's certificate is of an authority that nobody was told of
  tls11_only,
  reset_after_request,
  close_after_request,
  stall_after_request,
  stall_in_header,
  stall_in_body,
  truncated_body,
  reset_in_body,
  slow_drip,     // a byte at a time, longer than anybody waits
  endless_body,  // chunk after chunk
  bad_http,      // no status line
  bad_length,    // a Content-Length that is no number
  huge_header,
};

const std::vector<std::pair<std::string_view, Fault>>& fault_names();
// Throws, naming them all, when there is no such fault. An empty name is `none`.
Fault find_fault(std::string_view name);

}  // namespace renewd::simulator
