// An HTTP response out of the bytes of a connection, within limits. Knows nothing of sockets. The one user of
// Boost.Beast in this folder, whose parser is behind a pointer: it takes long to compile.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "core/error.hpp"
#include "http/http_client.hpp"

namespace renewd::http {

enum class Progress { more_needed, complete };

// How the other side ended the connection: `abrupt` where bytes may be missing (a reset, TLS without close_notify).
enum class ConnectionEnd { clean, abrupt };

class ResponseReader {
 public:
  ResponseReader();
  ~ResponseReader();
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;

  // Takes the next bytes of the connection; those after a complete response are ignored. Interim responses (1xx) are
  // passed over. Not to be called again once it has said `complete` or failed.
  // Errors: bad_answer, with reason too_large for a body of more than kBodyLimit bytes.
  Result<Progress> feed(std::string_view bytes);

  // The connection has ended: a success for a response that lasts until then. Errors: connect when there was no byte of
  // an answer, bad_answer when it is truncated.
  Result<void> end(ConnectionEnd how);

  // After success; once.
  HttpResponse take();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace renewd::http
