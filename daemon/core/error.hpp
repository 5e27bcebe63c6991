// Errors as values. The kind says how to react; the message says what the daemon was doing, with which object, and why
// it failed: "requesting a certificate: POST https://…/renewcert: HTTP 503". Messages never contain a secret; foreign
// text in them goes through printable(). Exceptions are bugs, except those of libraries, which are caught at once.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/describe/enum.hpp>
#include <tl/expected.hpp>

namespace renewd {

// The classes of failures in logs and metrics (docs/events.md), and two that are never logged as a failure:
// `cancelled`, and `busy` if another process is already doing the same.
BOOST_DEFINE_ENUM_CLASS(ErrorKind, dns, connect, tls, proxy, timeout, unauthorized, client_error, rate_limited,
                        server_error, bad_answer, disk, gateway, fleet, cancelled, busy)

// The reasons of the event `renewal_rejected`.
BOOST_DEFINE_ENUM_CLASS(RejectionReason, not_base64, unknown_format, wrong_password, no_certificate, no_key,
                        key_mismatch, wrong_account, not_later, not_yet_valid, expired, untrusted, too_large)

// The names of the enumerators.
std::string_view to_string(ErrorKind kind);
std::string_view to_string(RejectionReason reason);

struct Error {
  ErrorKind kind;
  std::string message;
  // Only with kind bad_answer: why the answer was rejected.
  std::optional<RejectionReason> reason = std::nullopt;
  // How long the server asked us to wait (Retry-After).
  std::optional<std::chrono::seconds> retry_after = std::nullopt;
  // What an operator can do about it, where the cause is known; empty: what helps against the kind in general.
  std::string advice = {};
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(ErrorKind kind, std::string message) {
  return tl::unexpected(Error{kind, std::move(message)});
}

// With the advice on that reason.
tl::unexpected<Error> rejection(RejectionReason reason, std::string message);

// The same error with advice, unless it has some already.
Error with_advice(Error error, std::string advice);
tl::unexpected<Error> failure(ErrorKind kind, std::string message, std::string advice);

// What is wrong, for people: the part of an error that is stored and shown.
struct Problem {
  std::string message;
  std::string advice = {};  // as in Error

  bool operator==(const Problem&) const = default;
};

inline Problem problem_of(Error error) {
  return {std::move(error.message), std::move(error.advice)};
}

// Adds context before the message: "doing X: <message>".
Error with_context(std::string_view doing, Error error);

// "doing X: <text of errno>", for a failed system call.
tl::unexpected<Error> system_failure(ErrorKind kind, std::string_view doing, int error_number);

}  // namespace renewd
