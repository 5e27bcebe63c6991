// Parses an HTTP response from the bytes of a connection, with limits. As lenient as curl; for the reasons see
// docs/decisions/0013-forgiving-reader.md.
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

// `abrupt`: bytes may be missing (a reset, or TLS without close_notify).
enum class ConnectionEnd { clean, abrupt };

class ResponseReader {
 public:
  explicit ResponseReader(std::size_t body_limit = kBodyLimit) : limit_(body_limit) {}

  // Takes the next bytes; ignores those after the response, and skips interim responses (1xx). Do not call it again
  // after `complete` or an error. Errors: bad_answer, with reason too_large for a body over the limit, encoded or
  // decoded.
  Result<Progress> feed(std::string_view bytes);

  // Call this at the end of the connection. Succeeds if the end of the connection is the end of the body. After an
  // abrupt end the body may be truncated, which only its content can show; it is accepted unless it is empty. Errors:
  // connect if nothing was received, bad_answer if the response is truncated.
  Result<void> end(ConnectionEnd how);

  // Call this once, at the end.
  HttpResponse take();

  // What has arrived of the body so far, as it was sent; take() returns it after a failure, too.
  std::string_view body() const { return response_.body; }

  // For a body that is used as it arrives. The head, without a body, once it has arrived; otherwise null.
  const HttpResponse* head() const { return framing_ == Framing::unknown ? nullptr : &response_; }
  // What has arrived of the body since the last call, as it was sent; the limit is that of one piece.
  std::string take_piece();
  bool is_encoded() const { return !codings_.empty(); }

 private:
  enum class Framing { unknown, length, chunked, until_end };

  Result<bool> read_head(std::size_t searched);
  Result<void> choose_framing();
  Result<Progress> read_body(std::string_view bytes);
  Result<Progress> finish();

  std::size_t limit_;
  std::string head_;  // the bytes before the body
  HttpResponse response_;
  int interim_responses_ = 0;
  Framing framing_ = Framing::unknown;
  std::size_t length_ = 0;
  ChunkedBody chunks_;
  std::vector<std::string> codings_;
};

}  // namespace renewd::http
