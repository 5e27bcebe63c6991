#include "matrix/fault_table.hpp"

namespace renewd::testing {

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = {
      {Step::connection, "nothing listens", "refuse", "connect", Special::none, "proxy"},
      {Step::connection, "reset once connected", "reset-on-accept", "tls", Special::none, {}, "connect"},
      {Step::connection, "closed once connected", "close-on-accept", "tls"},
      {Step::connection, "reset after the TLS hello", "reset-after-hello", "tls"},
      {Step::connection, "reset after the request", "reset-after-request", "connect"},
      {Step::connection, "closed after the request", "close-after-request", "connect"},

      {Step::tls, "HTTP without TLS", "plain-http", "tls"},
      {Step::tls, "a certificate for another host", "wrong-host", "tls"},
      {Step::tls, "an expired certificate", "expired-server", "tls"},
      {Step::tls, "a certificate of an unknown issuer", "unknown-ca", "tls"},
      {Step::tls, "TLS 1.1 at most", "tls11-only", "tls"},
      {Step::tls, "at the second connection, a certificate of an unknown issuer", "changed-authority", "tls",
       Special::second_connection},
      {Step::tls, "at the second connection, another certificate of the same issuer", "changed-certificate", "",
       Special::second_connection},

      {Step::silence, "silence once connected", "stall-accept", "timeout", Special::silent},
      {Step::silence, "silence within the TLS handshake", "stall-handshake", "timeout", Special::silent},
      {Step::silence, "silence after the request", "stall-after-request", "timeout", Special::silent},
      {Step::silence, "silence within the header", "stall-in-header", "timeout", Special::silent},
      {Step::silence, "silence within the body", "stall-in-body", "timeout", Special::silent},
      {Step::silence, "a byte a second", "drip", "timeout", Special::silent},
      {Step::silence, "a body of which a byte a second comes", "slow-drip", "timeout", Special::silent},
      {Step::silence, "an answer after the deadline", "late-answer:8000", "timeout", Special::silent},

      {Step::header, "cut after 1 byte", "cut:1", "bad_answer"},
      {Step::header, "cut after 12 bytes", "cut:12", "bad_answer"},
      {Step::header, "reset within the header", "reset-in-header", "bad_answer"},
      {Step::header, "a header of 1 MiB", "huge-header", "bad_answer"},
      {Step::header, "interim responses (1xx) without end", "endless-interim", "bad_answer"},
      {Step::header, "no HTTP", "bad-http", "bad_answer"},
      {Step::header, "a Content-Length that is no number", "bad-length", "bad_answer"},

      {Step::body, "cut after 1000 bytes", "cut:1000", "bad_answer"},
      {Step::body, "cut within the body", "truncated-body", "bad_answer"},
      {Step::body, "reset within the body", "reset-in-body", "bad_answer"},
      {Step::body, "a body without end", "endless-body", "bad_answer"},
      {Step::body, "a Content-Length of half the body", "short-length", "bad_answer"},
      {Step::body, "noise between chunks", "chunked-garbage", "bad_answer"},
      {Step::body, "an unknown content coding", "unknown-coding", "bad_answer"},

      {Step::contents, "200 with an error as JSON", "error-in-200", "bad_answer"},
      {Step::contents, "200 with the page of a captive portal", "captive-portal", "bad_answer"},
      {Step::contents, "200 without a body", "empty-200", "bad_answer"},
      {Step::contents, "204", "no-content", "bad_answer"},
      {Step::contents, "a redirect (301) to another host", "redirect:301", "client_error"},
      {Step::contents, "a redirect (302) on the same host", "redirect-here:302", "client_error"},
      {Step::contents, "a redirect (307) to another host", "redirect:307", "client_error"},

      {Step::whole, "closed without close_notify", "no-close-notify", ""},
      {Step::whole, "reset after the body", "reset-after-body", ""},
      {Step::whole, "not closed after the body", "stall-after-body", ""},
      {Step::whole, "noise after the body", "bytes-after-body", ""},
      {Step::whole, "HTTP/1.0, without a length", "http10", ""},
      {Step::whole, "HTTP/1.0, closed without close_notify", "http10-no-notify", ""},
      {Step::whole, "HTTP/1.0, reset after the body", "http10-reset", ""},
      {Step::whole, "HTTP/1.0, noise instead of TLS after the body", "http10-noise", ""},
      {Step::whole, "HTTP/1.0, not closed after the body", "http10-stall", "", Special::silent},

      {Step::unusual, "a Content-Length of 100 bytes more than the body", "long-length", ""},
      {Step::unusual, "the same, and not closed", "long-length-stall", "", Special::silent},
      {Step::unusual, "chunks without the last one", "chunked-unended", ""},
      {Step::unusual, "many chunks", "chunked", ""},
      {Step::unusual, "three interim responses (1xx) first", "interim", ""},
      {Step::unusual, "gzip that nobody asked for", "gzip", ""},
      {Step::unusual, "a body said to be gzip that is not compressed", "wrong-coding", ""},
  };
  return all;
}

}  // namespace renewd::testing
