#include "core/error.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <boost/describe/enum_to_string.hpp>

#include "core/advice.hpp"

namespace renewd {

std::string_view to_string(ErrorKind kind) {
  return boost::describe::enum_to_string(kind, "unknown");
}

std::string_view to_string(RejectionReason reason) {
  return boost::describe::enum_to_string(reason, "unknown");
}

Error with_context(std::string_view doing, Error error) {
  error.message = std::string(doing) + ": " + error.message;
  return error;
}

tl::unexpected<Error> rejection(RejectionReason reason, std::string message) {
  return tl::unexpected(
      Error{ErrorKind::bad_answer, std::move(message), reason, std::nullopt, std::string(advice_on(reason))});
}

Error with_advice(Error error, std::string advice) {
  if (error.advice.empty()) {
    error.advice = std::move(advice);
  }
  return error;
}

tl::unexpected<Error> failure(ErrorKind kind, std::string message, std::string advice) {
  return tl::unexpected(with_advice(Error{kind, std::move(message)}, std::move(advice)));
}

namespace {

bool is_shortage(int error_number) {
  // EAGAIN: of processes or threads (fork(2)).
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOMEM || error_number == ENOBUFS ||
         error_number == EAGAIN;
}

}  // namespace

tl::unexpected<Error> system_failure(ErrorKind kind, std::string_view doing, int error_number) {
  // A host that runs out of resources is not a fault of the gateway and must not cause a roll-back.
  if (kind == ErrorKind::gateway && is_shortage(error_number)) {
    kind = ErrorKind::disk;
  }
  // The text of generic_category() does not depend on the locale.
  return failure(kind, std::string(doing) + ": " + std::generic_category().message(error_number),
                 kind == ErrorKind::disk ? std::string(advice_on(error_number)) : "");
}

}  // namespace renewd
