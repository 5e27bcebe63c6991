// Errors as values. The kind says how to react; the message says what was being done, to what, and why it failed:
// "requesting a certificate: POST https://…/renewcert: HTTP 503". Messages never hold a secret, and text that came from
// outside goes through printable() first. Exceptions are bugs, caught where a library throws them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace renewd {

// The classes of a failed renewal, by the names that logs and metrics use (docs/events.md), and two that are
// nobody's failure and are never logged as one: `cancelled` for work that was told to stop, `busy` for work that
// another process is doing already.
enum class ErrorKind {
  dns,
  connect,
  tls,
  proxy,
  timeout,
  unauthorized,
  client_error,
  rate_limited,
  server_error,
  bad_answer,
  disk,
  gateway,
  fleet,
  cancelled,
  busy,
};

// Why an answer of the cloud was refused, by the names that `renewal_rejected` uses.
enum class RejectionReason {
  not_base64,
  unknown_format,
  wrong_password,
  no_certificate,
  no_key,
  key_mismatch,
  wrong_account,
  not_later,
  not_yet_valid,
  expired,
  untrusted,
  too_large,
};

std::string_view to_string(ErrorKind kind);
std::string_view to_string(RejectionReason reason);

struct Error {
  ErrorKind kind;
  std::string message;
  // Set when the answer itself was refused; the kind is then bad_answer.
  std::optional<RejectionReason> reason = std::nullopt;
  // How long the other side asked us to wait (Retry-After).
  std::optional<std::chrono::seconds> retry_after = std::nullopt;
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(ErrorKind kind, std::string message) {
  return tl::unexpected(Error{kind, std::move(message)});
}

inline tl::unexpected<Error> rejection(RejectionReason reason, std::string message) {
  return tl::unexpected(Error{ErrorKind::bad_answer, std::move(message), reason});
}

// Puts what was being done before the message: "doing X: <message>".
Error with_context(std::string_view doing, Error error);

// "doing: cause", the cause being errno's text, for a failed system call on files.
tl::unexpected<Error> system_failure(ErrorKind kind, std::string_view doing, int error_number);

}  // namespace renewd
