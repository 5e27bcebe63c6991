// What can go wrong on the way to an answer, by name. The server acts on it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace renewd::simulator {

enum class Fault {
  none,
  // TCP
  refuse,
  reset_on_accept,
  close_on_accept,
  stall_accept,
  // TLS
  reset_after_hello,
  stall_handshake,
  plain_http,
  wrong_host,
  expired_server,
  unknown_ca,
  tls11_only,
  changed_certificate,
  changed_authority,
  // between the request and its answer
  reset_after_request,
  close_after_request,
  stall_after_request,
  late_answer,
  held_answer,
  // the answer's header
  stall_in_header,
  reset_in_header,
  drip,
  huge_header,
  endless_interim,
  bad_http,
  bad_length,
  // its body
  cut,
  stall_in_body,
  truncated_body,
  reset_in_body,
  slow_drip,
  endless_body,
  short_length,
  chunked_garbage,
  unknown_coding,
  // another response instead of the answer
  error_in_200,
  captive_portal,
  empty_200,
  no_content,
  redirect,
  redirect_here,
  // the body is there as a whole
  long_length,
  long_length_stall,
  chunked,
  chunked_unended,
  interim,
  gzip,
  wrong_coding,
  no_close_notify,
  reset_after_body,
  stall_after_body,
  bytes_after_body,
  http10,
  http10_no_notify,
  http10_reset,
  http10_noise,
  http10_stall,
};

struct FaultName {
  std::string_view name;
  Fault fault;
  std::string_view meaning;
};
const std::vector<FaultName>& fault_names();

// A fault as the command line has it: NAME, or NAME:N.
struct ChosenFault {
  Fault fault = Fault::none;
  std::optional<std::size_t> number;
};
// Throws, naming them all, when there is no such fault. An empty text is `none`.
ChosenFault parse_fault(std::string_view text);

}  // namespace renewd::simulator
