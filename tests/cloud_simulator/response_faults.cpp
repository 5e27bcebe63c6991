#include "response_faults.hpp"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "containers.hpp"
#include "response_text.hpp"

namespace renewd::simulator {
namespace {

// What no JSON, base64 or chunk size begins with.
constexpr std::string_view kNoise = "\xff\xfe noise \x80\r\n";

std::string gzipped(const std::string& text) {
  z_stream stream{};
  require(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK, "gzip");
  std::string out(deflateBound(&stream, text.size()), '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  require(result == Z_STREAM_END, "gzip");
  return out;
}

// Some bytes that are not what they were, and no compressed text of any kind.
std::string scrambled(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return static_cast<char>(c ^ 0x55); });
  return text;
}

std::string coded(Response response, const std::string& coding, std::string body) {
  response.headers.emplace_back("Content-Encoding", coding);
  response.body = std::move(body);
  return head_text(response) + response.body;
}

std::string in_chunks(const std::string& text) {
  constexpr std::size_t kSize = 100;
  std::string chunks;
  for (std::size_t at = 0; at < text.size(); at += kSize) {
    chunks += chunk_text(text.substr(at, kSize));
  }
  return chunks;
}

std::string with_length(const Response& response, std::size_t length) {
  return head_text(response, length) + response.body;
}

Response moved(const ChosenFault& chosen, const std::string& location) {
  return {static_cast<unsigned>(chosen.number.value_or(302)), {}, {{"Location", location}}, {}};
}

// What other servers than the cloud, and a cloud in trouble, answer instead.
Delivery instead(const Response& response) {
  return {.bytes = head_text(response) + response.body};
}

}  // namespace

Delivery deliver(const ChosenFault& chosen, Response response) {
  const std::string head = head_text(response);
  const std::string& body = response.body;
  const std::string half = body.substr(0, body.size() / 2);
  const std::string half_head = head.substr(0, head.size() / 2);
  const std::chrono::milliseconds pause(chosen.number.value_or(1000));
  switch (chosen.fault) {
    case Fault::reset_after_request:
      return {.bytes = {}, .ending = Ending::reset};
    case Fault::close_after_request:
      return {.bytes = {}};
    case Fault::stall_after_request:
      return {.bytes = {}, .ending = Ending::stall};
    case Fault::stall_in_header:
      return {.bytes = half_head, .ending = Ending::stall};
    case Fault::reset_in_header:
      return {.bytes = half_head, .ending = Ending::reset};
    case Fault::drip:
      return {.bytes = head + body, .dripped_from = 0, .pause = pause};
    case Fault::huge_header:
      response.headers.emplace_back("X-Filler", std::string(std::size_t{1024} * 1024, 'x'));
      return {.bytes = head_text(response) + body};
    case Fault::endless_interim:
      return {.bytes = {}, .repeated = interim_text()};
    case Fault::bad_http:
      return {.bytes = "SIMULATOR READY\r\n\r\n"};
    case Fault::bad_length:
      return {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + body};
    case Fault::cut:
      return {.bytes = (head + body).substr(0, chosen.number.value_or(1))};
    case Fault::stall_in_body:
      return {.bytes = head + half, .ending = Ending::stall};
    case Fault::truncated_body:
      return {.bytes = head + half};
    case Fault::reset_in_body:
      return {.bytes = head + half, .ending = Ending::reset};
    case Fault::slow_drip:
      return {.bytes = head + body, .dripped_from = head.size(), .pause = pause};
    case Fault::endless_body:
      return {.bytes = chunked_head_text(), .repeated = chunk_text(std::string(0x4000, 'A'))};
    case Fault::short_length:
      return {.bytes = with_length(response, half.size())};
    case Fault::chunked_garbage:
      return {.bytes = chunked_head_text() + chunk_text(half) + std::string(kNoise) + body.substr(half.size())};
    case Fault::unknown_coding:
      return {.bytes = coded(response, "br", scrambled(body))};
    case Fault::error_in_200:
      return instead({200, "application/json", {}, R"({"httpStatus": 500, "message": "Try again.", "details": []})"});
    case Fault::captive_portal:
      return instead({200, "text/html", {}, "<!DOCTYPE html><html><title>Sign in</title><body>Welcome</body></html>"});
    case Fault::empty_200:
      return instead({200, {}, {}, {}});
    case Fault::no_content:
      return instead({204, {}, {}, {}});
    case Fault::redirect:
      return instead(moved(chosen, "https://elsewhere.invalid/login"));
    case Fault::redirect_here:
      return instead(moved(chosen, "/login"));
    case Fault::long_length:
      return {.bytes = with_length(response, body.size() + 100)};
    case Fault::long_length_stall:
      return {.bytes = with_length(response, body.size() + 100), .ending = Ending::stall};
    case Fault::chunked:
      return {.bytes = chunked_head_text() + in_chunks(body) + chunk_text("")};
    case Fault::chunked_unended:
      return {.bytes = chunked_head_text() + in_chunks(body)};
    case Fault::interim:
      return {.bytes = interim_text() + interim_text() + interim_text() + head + body};
    case Fault::gzip:
      return {.bytes = coded(response, "gzip", gzipped(body))};
    case Fault::wrong_coding:
      return {.bytes = coded(response, "gzip", body)};
    case Fault::no_close_notify:
      return {.bytes = head + body, .ending = Ending::close};
    case Fault::reset_after_body:
      return {.bytes = head + body, .ending = Ending::reset};
    case Fault::stall_after_body:
      return {.bytes = head + body, .ending = Ending::stall};
    case Fault::bytes_after_body:
      return {.bytes = head + body + std::string(kNoise)};
    case Fault::http10:
      return {.bytes = head_text_of_http10(response) + body};
    case Fault::http10_no_notify:
      return {.bytes = head_text_of_http10(response) + body, .ending = Ending::close};
    case Fault::http10_reset:
      return {.bytes = head_text_of_http10(response) + body, .ending = Ending::reset};
    case Fault::http10_noise:
      return {.bytes = head_text_of_http10(response) + body, .ending = Ending::noise};
    case Fault::http10_stall:
      return {.bytes = head_text_of_http10(response) + body, .ending = Ending::stall};
    case Fault::late_answer:
    case Fault::held_answer:
    case Fault::none:
    case Fault::refuse:
    case Fault::reset_on_accept:
    case Fault::close_on_accept:
    case Fault::stall_accept:
    case Fault::reset_after_hello:
    case Fault::stall_handshake:
    case Fault::plain_http:
    case Fault::wrong_host:
    case Fault::expired_server:
    case Fault::unknown_ca:
    case Fault::tls11_only:
    case Fault::changed_certificate:
    case Fault::changed_authority:
      break;
  }
  return {.bytes = head + body};
}

}  // namespace renewd::simulator
