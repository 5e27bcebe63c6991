#include "faults.hpp"

#include <charconv>
#include <stdexcept>

namespace renewd::simulator {

const std::vector<FaultName>& fault_names() {
  static const std::vector<FaultName> all = {
      {"refuse", Fault::refuse, "nothing listens on the port"},
      {"reset-on-accept", Fault::reset_on_accept, "accepts, and resets"},
      {"close-on-accept", Fault::close_on_accept, "accepts, and closes"},
      {"stall-accept", Fault::stall_accept, "accepts, and sends nothing"},
      {"reset-after-hello", Fault::reset_after_hello, "resets after the client's TLS hello"},
      {"stall-handshake", Fault::stall_handshake, "begins a TLS record, and does not end it"},
      {"plain-http", Fault::plain_http, "HTTP without TLS"},
      {"wrong-host", Fault::wrong_host, "the server's certificate is for another host"},
      {"expired-server", Fault::expired_server, "the server's certificate has expired"},
      {"unknown-ca", Fault::unknown_ca, "the server's certificate has an issuer that is not in ca.pem"},
      {"tls11-only", Fault::tls11_only, "TLS 1.1 at most"},
      {"changed-certificate", Fault::changed_certificate,
       "from the second connection on, another certificate of the same issuer"},
      {"changed-authority", Fault::changed_authority,
       "from the second connection on, a certificate whose issuer is not in ca.pem"},
      {"reset-after-request", Fault::reset_after_request, "resets after the request"},
      {"close-after-request", Fault::close_after_request, "closes after the request"},
      {"stall-after-request", Fault::stall_after_request, "sends nothing after the request"},
      {"late-answer", Fault::late_answer, "answers N ms after the request [5000]"},
      {"held-answer", Fault::held_answer, "answers when the fault ends"},
      {"stall-in-header", Fault::stall_in_header, "half a header, then nothing"},
      {"reset-in-header", Fault::reset_in_header, "half a header, then a reset"},
      {"drip", Fault::drip, "a byte each N ms, from the first of the header on [1000]"},
      {"huge-header", Fault::huge_header, "a header of 1 MiB"},
      {"endless-interim", Fault::endless_interim, "interim responses (1xx) without end"},
      {"bad-http", Fault::bad_http, "no status line"},
      {"bad-length", Fault::bad_length, "a Content-Length that is no number"},
      {"cut", Fault::cut, "closes after N bytes of the response [1]"},
      {"stall-in-body", Fault::stall_in_body, "half a body, then nothing"},
      {"truncated-body", Fault::truncated_body, "half a body, then closes"},
      {"reset-in-body", Fault::reset_in_body, "half a body, then a reset"},
      {"slow-drip", Fault::slow_drip, "the body a byte each N ms [1000]"},
      {"endless-body", Fault::endless_body, "a chunked body without end"},
      {"short-length", Fault::short_length, "a Content-Length of half the body"},
      {"chunked-garbage", Fault::chunked_garbage, "a chunked body with noise in place of a chunk's size"},
      {"unknown-coding", Fault::unknown_coding, "a body in a content coding that nobody asked for (br)"},
      {"error-in-200", Fault::error_in_200, "200 with an error of the cloud as JSON"},
      {"captive-portal", Fault::captive_portal, "200 with a page to sign in"},
      {"empty-200", Fault::empty_200, "200 without a body"},
      {"no-content", Fault::no_content, "204"},
      {"redirect", Fault::redirect, "status N and a Location on another host [302]"},
      {"redirect-here", Fault::redirect_here, "status N and a Location on this host [302]"},
      {"long-length", Fault::long_length, "the whole body, a Content-Length of 100 more, then closes"},
      {"long-length-stall", Fault::long_length_stall, "the same, and does not close"},
      {"chunked", Fault::chunked, "a chunked body, in small chunks"},
      {"chunked-unended", Fault::chunked_unended, "the whole body chunked, then closes without the last chunk"},
      {"interim", Fault::interim, "three interim responses before the response"},
      {"gzip", Fault::gzip, "a body that is compressed, although nobody asked for it"},
      {"wrong-coding", Fault::wrong_coding, "Content-Encoding: gzip, and a body that is not compressed"},
      {"no-close-notify", Fault::no_close_notify, "closes without TLS close_notify after the body"},
      {"reset-after-body", Fault::reset_after_body, "resets after the body"},
      {"stall-after-body", Fault::stall_after_body, "does not close after the body"},
      {"bytes-after-body", Fault::bytes_after_body, "sends noise after the body"},
      {"http10", Fault::http10, "HTTP/1.0: the end of the connection ends the body"},
      {"http10-no-notify", Fault::http10_no_notify, "the same, without TLS close_notify"},
      {"http10-reset", Fault::http10_reset, "the same, ended by a reset"},
      {"http10-noise", Fault::http10_noise, "the same, ended by bytes that are no TLS"},
      {"http10-stall", Fault::http10_stall, "the same, and does not close"},
  };
  return all;
}

ChosenFault parse_fault(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  const auto colon = text.find(':');
  const std::string_view digits = colon == std::string_view::npos ? "0" : text.substr(colon + 1);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  std::string names;
  for (const auto& [name, fault, meaning] : fault_names()) {
    if (name == text.substr(0, colon) && error == std::errc() && end == digits.data() + digits.size()) {
      return {fault, colon == std::string_view::npos ? std::nullopt : std::optional(number)};
    }
    names += " " + std::string(name);
  }
  throw std::runtime_error("no fault \"" + std::string(text) + "\" (NAME or NAME:N); there are:" + names);
}

}  // namespace renewd::simulator
