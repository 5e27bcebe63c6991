#include "http/proxy_tunnel.hpp"

#include <array>
#include <charconv>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "core/as_tuple.hpp"
#include "core/http_secrets.hpp"
#include "core/redaction.hpp"
#include "core/text.hpp"
#include "http/basic_credentials.hpp"
#include "http/deadline.hpp"
#include "http/wiped_text.hpp"

namespace renewd::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using configuration::ProxySettings;

constexpr std::size_t kProxyHeaderLimit = std::size_t{16} * 1024;
constexpr std::string_view kHeaderEnd = "\r\n\r\n";

// Without a user, nobody asks for the password.
Result<Secret> password_of(const ProxySettings& proxy, const std::optional<SecretSource>& source) {
  if (proxy.user.find(':') != std::string::npos) {
    return failure(ErrorKind::proxy, "a user name with a colon cannot be sent (RFC 7617)");
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

WipedText connect_request(const std::string& destination, const ProxySettings& proxy, const Secret& password) {
  const std::string head = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", destination);
  if (proxy.user.empty()) {
    WipedText text(head.size() + 2);
    (text += head) += "\r\n";
    return text;
  }
  const Secret credentials = encode({proxy.user, password});
  constexpr std::string_view kBasic = "Proxy-Authorization: Basic ";
  WipedText text(head.size() + kBasic.size() + credentials.view().size() + kHeaderEnd.size());
  (((text += head) += kBasic) += credentials.view()) += kHeaderEnd;
  return text;
}

// Looks at what has arrived before taking it, so that nothing after the header is taken.
asio::awaitable<Result<std::string>> read_header(tcp::socket& socket) {
  std::string header;
  std::array<char, 4096> buffer;
  while (header.size() < kProxyHeaderLimit) {
    const auto [error, seen] = co_await socket.async_receive(asio::buffer(buffer), tcp::socket::message_peek, kAsTuple);
    if (is_cancellation(error)) {
      co_return cancelled();
    }
    if (error) {
      const std::string why = error == asio::error::eof ? "it closed the connection" : error.message();
      co_return failure(ErrorKind::proxy, "waiting for its answer: " + why);
    }
    const std::size_t before = header.size();
    header.append(buffer.data(), seen);
    const auto end = header.find(kHeaderEnd, before < kHeaderEnd.size() ? 0 : before - kHeaderEnd.size());
    if (end != std::string::npos) {
      header.resize(end + kHeaderEnd.size());
    }
    boost::system::error_code taken;
    socket.receive(asio::buffer(buffer.data(), header.size() - before), 0, taken);  // is there: does not block
    if (end != std::string::npos) {
      co_return std::move(header);
    }
  }
  co_return failure(ErrorKind::proxy,
                    fmt::format("its answer's header is longer than {} KiB", kProxyHeaderLimit / 1024));
}

// A proxy may repeat what it was sent.
Result<void> judge(std::string_view header, const ProxySettings& proxy, const Secret& password) {
  const std::string_view line = header.substr(0, header.find("\r\n"));
  unsigned status = 0;
  constexpr std::size_t kStatusAt = 9;  // after "HTTP/1.1 "
  if (line.starts_with("HTTP/1.") && line.size() >= kStatusAt + 3 && line[kStatusAt - 1] == ' ') {
    std::from_chars(line.data() + kStatusAt, line.data() + kStatusAt + 3, status);
  }
  if (status >= 200 && status < 300) {
    return {};
  }
  if (status == 407) {
    return failure(ErrorKind::proxy,
                   proxy.user.empty()
                       ? std::string("it asks for a user name and a password, and http.proxy has no user")
                       : fmt::format("it refuses user {} or http.proxy_password", printable(proxy.user)));
  }
  Redaction redacted;
  redacted.hide("proxy password", password);
  if (status < 100) {
    return failure(ErrorKind::proxy, "its answer is not HTTP: " + printable(redacted(line), 80));
  }
  return failure(ErrorKind::proxy, "HTTP " + printable(redacted(line.substr(kStatusAt)), 80));
}

}  // namespace

asio::awaitable<Result<void>> open_tunnel(tcp::socket& socket, std::string destination, ProxySettings proxy,
                                          std::optional<SecretSource> source) {
  const auto password = password_of(proxy, source);
  if (!password) {
    co_return tl::unexpected(password.error());
  }
  const WipedText request = connect_request(destination, proxy, *password);
  const auto [error, written] = co_await asio::async_write(socket, asio::buffer(request.view()), kAsTuple);
  if (is_cancellation(error)) {
    co_return cancelled();
  }
  if (error) {
    co_return failure(ErrorKind::proxy, "sending the request: " + error.message());
  }
  auto header = co_await read_header(socket);
  if (!header) {
    co_return tl::unexpected(std::move(header.error()));
  }
  co_return judge(*header, proxy, *password);
}

}  // namespace renewd::http
