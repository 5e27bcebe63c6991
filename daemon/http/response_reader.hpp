// An HTTP response out of the bytes of a connection, within limits. Knows nothing of sockets. As forgiving as curl:
// docs/decisions/0013-forgiving-reader.md has the reasons.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "http/chunked_body.hpp"
#include "http/http_client.hpp"

namespace renewd::http {

enum class Progress { more_needed, complete };

// How the other side ended the connection: `abrupt` where bytes may be missing (a reset, TLS without close_notify).
enum class ConnectionEnd { clean, abrupt };

class ResponseReader {
 public:
  // Takes the next bytes of the connection; those after a complete response are ignored. Interim responses (1xx) are
  // passed over. Not to be called again once it has said `complete` or failed.
  // Errors: bad_answer, with reason too_large for a body of more than kBodyLimit bytes, coded or decoded.
  Result<Progress> feed(std::string_view bytes);

  // The connection has ended: a success for a response that lasts until then. One that ends abruptly may lack its end,
  // which only what is in it can show; it is taken, unless it is empty. Errors: connect when there was no byte of an
  // answer, bad_answer when it is truncated.
  Result<void> end(ConnectionEnd how);

  // After success; once.
  HttpResponse take();

 private:
  enum class Framing { unknown, length, chunked, until_end };

  Result<bool> read_head(std::size_t searched);
  Result<void> choose_framing();
  Result<Progress> read_body(std::string_view bytes);
  Result<Progress> finish();

  std::string head_;  // what has arrived before the body
  HttpResponse response_;
  int interim_responses_ = 0;
  Framing framing_ = Framing::unknown;
  std::size_t length_ = 0;
  ChunkedBody chunks_;
  std::vector<std::string> codings_;
};

}  // namespace renewd::http
