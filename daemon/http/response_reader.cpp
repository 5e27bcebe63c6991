#include "http/response_reader.hpp"

#include <algorithm>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include "http/https_client.hpp"

namespace renewd::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;

constexpr std::uint32_t kHeaderLimit = 16 * 1024;
// More than any header, chunk header or trailer; what Beast leaves unread beyond this will never become one.
constexpr std::size_t kPendingLimit = std::size_t{64} * 1024;
constexpr int kInterimLimit = 16;

Error explain(const boost::system::error_code& error) {
  if (error == beast_http::error::body_limit) {
    return rejection(RejectionReason::too_large, fmt::format("the answer is larger than {} KiB", kBodyLimit / 1024))
        .value();
  }
  if (error == beast_http::error::header_limit || error == beast_http::error::buffer_overflow) {
    return failure(ErrorKind::bad_answer, fmt::format("the answer's header is larger than {} KiB", kHeaderLimit / 1024))
        .value();
  }
  return failure(ErrorKind::bad_answer, fmt::format("the answer is not HTTP: {}", error.message())).value();
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

void add_header(HttpResponse& response, std::string_view name, std::string_view value) {
  std::string key = lower_case(name);
  const auto known = std::ranges::find(response.headers, key, [](const auto& header) { return header.first; });
  if (known == response.headers.end()) {
    response.headers.emplace_back(std::move(key), value);
  } else {
    known->second.append(", ").append(value);
  }
}

}  // namespace

struct ResponseReader::Parser {
  Parser() { start(); }

  void start() {
    http = std::make_unique<beast_http::response_parser<beast_http::string_body>>();
    http->eager(true);
    http->header_limit(kHeaderLimit);
    http->body_limit(kBodyLimit);
  }

  bool is_interim() const { return http->is_done() && http->get().result_int() / 100 == 1; }

  // Behind a pointer, since a parser reads one message.
  std::unique_ptr<beast_http::response_parser<beast_http::string_body>> http;
  std::string pending;
  int interim_responses = 0;
};

ResponseReader::ResponseReader() : parser_(std::make_unique<Parser>()) {}
ResponseReader::~ResponseReader() = default;

Result<Progress> ResponseReader::feed(std::string_view bytes) {
  parser_->pending += bytes;
  while (!parser_->pending.empty()) {
    boost::system::error_code error;
    const std::size_t used = parser_->http->put(asio::buffer(parser_->pending), error);
    parser_->pending.erase(0, used);
    if (error && error != beast_http::error::need_more) {
      return tl::unexpected(explain(error));
    }
    if (parser_->is_interim()) {
      if (++parser_->interim_responses > kInterimLimit) {
        return failure(ErrorKind::bad_answer, "the server sends interim answers (1xx) without end");
      }
      parser_->start();
      continue;
    }
    if (parser_->http->is_done()) {
      return Progress::complete;
    }
    if (error == beast_http::error::need_more || used == 0) {
      break;
    }
  }
  if (parser_->pending.size() > kPendingLimit) {
    return failure(ErrorKind::bad_answer, "the answer is not HTTP: a line without end");
  }
  return Progress::more_needed;
}

Result<void> ResponseReader::end(ConnectionEnd how) {
  auto& http = *parser_->http;
  if (!http.got_some() && parser_->pending.empty()) {
    return failure(ErrorKind::connect, "the server closed the connection before it answered");
  }
  boost::system::error_code error;
  if (how == ConnectionEnd::clean && http.got_some()) {
    http.put_eof(error);
    if (!error && http.is_done()) {
      return {};
    }
  }
  return failure(ErrorKind::bad_answer,
                 "the answer is truncated: the server closed the connection in the middle of it");
}

HttpResponse ResponseReader::take() {
  auto message = parser_->http->release();
  HttpResponse response;
  response.status = message.result_int();
  for (const auto& field : message) {
    add_header(response, {field.name_string().data(), field.name_string().size()},
               {field.value().data(), field.value().size()});
  }
  response.body = std::move(message.body());
  return response;
}

}  // namespace renewd::http
