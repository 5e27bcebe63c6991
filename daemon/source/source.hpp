// Where a new certificate comes from.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "core/error.hpp"
#include "core/secret.hpp"
#include "http/http_client.hpp"

namespace renewd::source {

struct Fetched {
  // As it came: it must be stored before it is parsed.
  Result<std::string> answer;
  // The source's clock, as far as it says.
  std::optional<std::chrono::sys_seconds> time;
  // Why the answer is still compressed; empty when it is not.
  std::string undecoded;
};

class Source {
 public:
  virtual ~Source() = default;

  // For messages: the URL of a request.
  virtual std::string describe() const = 0;
  // What fetch() needs. An error, of kind unauthorized, is found before a request is counted.
  virtual Result<Secret> credential() const = 0;
  // Whether the source can be reached; nothing is requested, no secret sent. Returns what was reached, for people.
  virtual boost::asio::awaitable<Result<std::string>> rehearse() = 0;
  // Requests a certificate, unless `before_sending` refuses. The error's kind says how to react (core/error.hpp).
  virtual boost::asio::awaitable<Fetched> fetch(Secret credential, http::BeforeSending before_sending) = 0;
};

}  // namespace renewd::source
