#include "core/error.hpp"

#include <cerrno>
#include <system_error>

namespace renewd {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::dns:
      return "dns";
    case ErrorKind::connect:
      return "connect";
    case ErrorKind::tls:
      return "tls";
    case ErrorKind::proxy:
      return "proxy";
    case ErrorKind::timeout:
      return "timeout";
    case ErrorKind::unauthorized:
      return "unauthorized";
    case ErrorKind::client_error:
      return "client_error";
    case ErrorKind::rate_limited:
      return "rate_limited";
    case ErrorKind::server_error:
      return "server_error";
    case ErrorKind::bad_answer:
      return "bad_answer";
    case ErrorKind::disk:
      return "disk";
    case ErrorKind::gateway:
      return "gateway";
    case ErrorKind::fleet:
      return "fleet";
    case ErrorKind::cancelled:
      return "cancelled";
    case ErrorKind::busy:
      return "busy";
  }
  return "unknown";
}

std::string_view to_string(RejectionReason reason) {
  switch (reason) {
    case RejectionReason::not_base64:
      return "not_base64";
    case RejectionReason::unknown_format:
      return "unknown_format";
    case RejectionReason::wrong_password:
      return "wrong_password";
    case RejectionReason::no_certificate:
      return "no_certificate";
    case RejectionReason::no_key:
      return "no_key";
    case RejectionReason::key_mismatch:
      return "key_mismatch";
    case RejectionReason::wrong_account:
      return "wrong_account";
    case RejectionReason::not_later:
      return "not_later";
    case RejectionReason::not_yet_valid:
      return "not_yet_valid";
    case RejectionReason::expired:
      return "expired";
    case RejectionReason::untrusted:
      return "untrusted";
    case RejectionReason::too_large:
      return "too_large";
  }
  return "unknown";
}

Error with_context(std::string_view doing, Error error) {
  error.message = std::string(doing) + ": " + error.message;
  return error;
}

namespace {

bool is_shortage(int error_number) {
  // EAGAIN: of processes or threads (fork(2)).
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOMEM || error_number == ENOBUFS ||
         error_number == EAGAIN;
}

}  // namespace

tl::unexpected<Error> system_failure(ErrorKind kind, std::string_view doing, int error_number) {
  // What this host has run out of is no fault of the gateway, which would be rolled back for it.
  if (kind == ErrorKind::gateway && is_shortage(error_number)) {
    kind = ErrorKind::disk;
  }
  // generic_category: its text does not depend on the locale of the process.
  return failure(kind, std::string(doing) + ": " + std::generic_category().message(error_number));
}

}  // namespace renewd
