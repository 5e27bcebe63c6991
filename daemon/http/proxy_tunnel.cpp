#include "http/proxy_tunnel.hpp"

#include <array>
#include <chrono>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "core/as_tuple.hpp"
#include "core/http_secrets.hpp"
#include "core/redaction.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "http/basic_credentials.hpp"
#include "http/deadline.hpp"
#include "http/error_message.hpp"
#include "http/field_lists.hpp"
#include "http/request_text.hpp"
#include "http/response_head.hpp"
#include "http/response_reader.hpp"

namespace renewd::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using configuration::ProxySettings;

constexpr std::chrono::milliseconds kErrorPageTimeout{1000};

// Empty without a user.
Result<Secret> password_of(const ProxySettings& proxy, const std::optional<SecretSource>& source) {
  if (proxy.user.find(':') != std::string::npos) {
    return failure(ErrorKind::proxy, "the user name must not contain a colon (RFC 7617)");
  }
  if (proxy.user.empty() || !source) {
    return Secret();
  }
  auto password = read_basic_password(*source);
  if (!password) {
    return failure(ErrorKind::proxy, password.error().message);
  }
  return password;
}

std::string connect_request(const std::string& destination, const ProxySettings& proxy, const Secret& password) {
  std::string text = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: {1}\r\n", destination, user_agent());
  if (!proxy.user.empty()) {
    text += secret_header("Proxy-Authorization: Basic ", encode({proxy.user, password}));
  }
  return text + "\r\n";
}

// The proxy may repeat the password.
Redaction redaction_of(const Secret& password) {
  Redaction redacted;
  redacted.hide("proxy password", password);
  return redacted;
}

Error invalid_head(std::string_view received, const Secret& password) {
  std::string why;
  if (received.size() > kHeaderLimit) {
    why = fmt::format("its response header is larger than {} KiB", kHeaderLimit / 1024);
  } else if (begins_like_tls(received)) {
    why = "it responds in TLS; set http.proxy to a port on which the proxy accepts plain HTTP";
  } else {
    const std::string_view line = received.substr(0, received.find_first_of("\r\n"));
    why = "its response is not HTTP: " + printable(redaction_of(password)(line), 80);
  }
  return failure(ErrorKind::proxy, std::move(why)).value();
}

// Peeks before it reads, so that it reads nothing after the head.
asio::awaitable<Result<std::string>> read_head(tcp::socket& socket, const Secret& password) {
  std::string head;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto [error, seen] = co_await socket.async_receive(asio::buffer(buffer), tcp::socket::message_peek, kAsTuple);
    if (is_cancellation(error)) {
      co_return cancelled();
    }
    if (error && !begins_like_http(head)) {
      co_return tl::unexpected(invalid_head(head, password));
    }
    if (error) {
      const std::string why = error == asio::error::eof ? "it closed the connection" : error.message();
      co_return failure(ErrorKind::proxy, "waiting for its response: " + why);
    }
    const std::size_t before = head.size();
    head.append(buffer.data(), seen);
    const auto size = find_head(head, before);
    if (!size) {
      co_return tl::unexpected(invalid_head(head, password));
    }
    head.resize(size->value_or(head.size()));
    boost::system::error_code ignored;
    socket.receive(asio::buffer(buffer.data(), head.size() - before), 0, ignored);  // was peeked: does not block
    if (*size) {
      co_return std::move(head);
    }
  }
}

// Skips interim responses.
asio::awaitable<Result<std::string>> read_final_head(tcp::socket& socket, const Secret& password) {
  for (int interim = 0; interim <= kInterimLimit; ++interim) {
    auto head = co_await read_head(socket, password);
    const auto parsed = head ? parse_head(*head) : HttpResponse();
    if (!head || !parsed || parsed->status >= 200) {
      co_return std::move(head);
    }
  }
  co_return failure(ErrorKind::proxy, "it sent too many interim responses (1xx)");
}

// The whole error response, whose page may explain it.
asio::awaitable<Result<HttpResponse>> read_refusal(tcp::socket& socket, std::string head) {
  ResponseReader reader;
  auto progress = reader.feed(head);
  std::array<char, 4096> buffer;
  while (progress && *progress == Progress::more_needed) {
    const auto [error, size] = co_await socket.async_read_some(asio::buffer(buffer), kAsTuple);
    if (is_cancellation(error)) {
      co_return cancelled();
    }
    if (error) {
      progress = reader.end(ConnectionEnd::clean).map([] { return Progress::complete; });
    } else {
      progress = reader.feed({buffer.data(), size});
    }
  }
  co_return std::move(progress).map([&reader](Progress) { return reader.take(); });
}

std::string explain_authentication(const HttpResponse& response, const ProxySettings& proxy,
                                   const Redaction& redacted) {
  const auto schemes = offered_schemes(response.header("proxy-authenticate"));
  if (!schemes.empty() && !offers_basic(schemes)) {
    return fmt::format(
        "it accepts only {} authentication, and gravitee-renewd supports only Basic: allow Basic for this host on the "
        "proxy, or let this host connect to the cloud without authentication",
        printable(redacted(fmt::format("{}", fmt::join(schemes, ", "))), 100));
  }
  return proxy.user.empty() ? "it requires a user name and a password; set both (http.proxy, http.proxy_password)"
                            : fmt::format("it rejected user {} or http.proxy_password", printable(proxy.user));
}

Error explain_refusal(const HttpResponse& response, const ProxySettings& proxy, const Secret& password) {
  const Redaction redacted = redaction_of(password);
  // tinyproxy refuses a wrong password with 401, as a server would.
  if (response.status == 407 || response.status == 401) {
    return failure(ErrorKind::proxy, explain_authentication(response, proxy, redacted)).value();
  }
  const std::string reason = printable(redacted(response.reason), 80);
  std::string text = fmt::format("HTTP {}{}{}", response.status, reason.empty() ? "" : " ", reason);
  if (const std::string cause = squid_error(response); !cause.empty()) {
    text += " (" + printable(redacted(cause), 80) + ")";
  }
  const std::string message = response.undecoded.empty() ? printable(redacted(error_message(response.body))) : "";
  if (!message.empty() && !text.ends_with(message)) {
    text += ": " + message;
  }
  return failure(ErrorKind::proxy, std::move(text)).value();
}

}  // namespace

asio::awaitable<Result<void>> open_tunnel(tcp::socket& socket, std::string destination, ProxySettings proxy,
                                          std::optional<SecretSource> source) {
  CO_TRY_LET(const auto password, password_of(proxy, source));
  const std::string request = connect_request(destination, proxy, password);
  const auto [error, written] = co_await asio::async_write(socket, asio::buffer(request), kAsTuple);
  if (is_cancellation(error)) {
    co_return cancelled();
  }
  if (error) {
    co_return failure(ErrorKind::proxy, "sending the request: " + error.message());
  }
  CO_TRY_LET(auto head, co_await read_final_head(socket, password));
  auto response = parse_head(head);
  if (!response) {
    co_return tl::unexpected(invalid_head(head, password));
  }
  // A successful response has no body, whatever its header says (RFC 9110, 9.3.6): the tunnel follows.
  if (response->status < 300) {
    co_return Result<void>();
  }
  auto page = co_await within(time_limit(kErrorPageTimeout, ""), "", read_refusal(socket, std::move(head)));
  if (!page && page.error().kind == ErrorKind::cancelled) {
    co_return cancelled();
  }
  co_return tl::unexpected(explain_refusal(page ? *page : *response, proxy, password));
}

}  // namespace renewd::http
