#include "unit/http/test_server.hpp"

#include <array>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <openssl/ssl.h>

namespace renewd::testing {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;

namespace {
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
}

struct TestServer::State {
  State(asio::io_context& io, Script what) : script(std::move(what)), acceptor(io), context(ssl::context::tls_server) {
    acceptor.open(tcp::endpoint(asio::ip::make_address(script.address), 0).protocol());
    acceptor.bind({asio::ip::make_address(script.address), 0});
    acceptor.listen();
    if (!script.certificate.empty()) {
      context.use_certificate_chain_file(script.certificate.string());
      context.use_private_key_file(script.certificate.string(), ssl::context::pem);
    }
    if (!script.client_ca.empty()) {
      context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
      context.load_verify_file(script.client_ca.string());
    }
    if (script.tls_version != 0) {
      SSL_CTX_set_min_proto_version(context.native_handle(), script.tls_version);
      SSL_CTX_set_max_proto_version(context.native_handle(), script.tls_version);
      SSL_CTX_set_cipher_list(context.native_handle(), script.ciphers.c_str());
    }
  }

  Script script;
  tcp::acceptor acceptor;
  ssl::context context;
  int connections = 0;
  std::vector<std::string> requests;
  std::vector<std::string> connects;
  std::string server_name;
  std::string client_subject;
  bool was_reset = false;
};

namespace {

std::size_t content_length(const std::string& header) {
  constexpr std::string_view kName = "Content-Length: ";
  const auto at = header.find(kName);
  return at == std::string::npos ? 0 : std::stoul(header.substr(at + kName.size()));
}

template <typename Stream>
asio::awaitable<std::string> read_request(Stream& stream) {
  std::string text;
  const auto [error, size] =
      co_await asio::async_read_until(stream, asio::dynamic_buffer(text, 64 * 1024), "\r\n\r\n", kAsTuple);
  if (error) {
    co_return std::string();
  }
  const std::size_t whole = size + content_length(text);
  while (text.size() < whole) {
    std::string more(whole - text.size(), '\0');
    const auto [body_error, n] = co_await stream.async_read_some(asio::buffer(more), kAsTuple);
    if (body_error) {
      break;
    }
    text.append(more, 0, n);
  }
  co_return text;
}

template <typename Stream>
asio::awaitable<bool> wait_for_client_to_go(Stream& stream) {
  std::array<char, 1024> buffer;
  for (;;) {
    const auto [error, size] = co_await stream.async_read_some(asio::buffer(buffer), kAsTuple);
    if (error) {
      co_return error == asio::error::connection_reset;
    }
  }
}

// Returns whether the client has reset the connection.
template <typename Stream>
asio::awaitable<bool> end(Stream& stream, const Script& script, Ending ending) {
  bool was_reset = false;
  switch (ending) {
    case Ending::goodbye:
      if constexpr (requires { stream.async_shutdown(kAsTuple); }) {
        co_await stream.async_shutdown(kAsTuple);
      }
      break;
    case Ending::hang_up:
      break;
    case Ending::reset:
      stream.lowest_layer().set_option(asio::socket_base::linger(true, 0));
      break;
    case Ending::silence:
      was_reset = co_await wait_for_client_to_go(stream);
      break;
    case Ending::and_again:
      for (;;) {
        const auto [error, size] = co_await asio::async_write(stream, asio::buffer(script.repeat), kAsTuple);
        if (error) {
          break;
        }
      }
      break;
  }
  boost::system::error_code ignored;
  stream.lowest_layer().close(ignored);
  co_return was_reset;
}

template <typename State, typename Stream>
asio::awaitable<void> answer(std::shared_ptr<State> state, Stream& stream) {
  std::string request = co_await read_request(stream);
  if (request.empty()) {
    co_return;  // the client closed the connection, or only rehearsed
  }
  state->requests.push_back(std::move(request));
  Reply reply{state->script.response, state->script.ending};
  if (state->script.reply) {
    reply = state->script.reply(state->requests.back());
  }
  co_await asio::async_write(stream, asio::buffer(reply.response), kAsTuple);
  if (state->script.on_request) {
    state->script.on_request();
  }
  state->was_reset = co_await end(stream, state->script, reply.ending);
}

std::string subject_of(const X509* certificate) {
  std::array<char, 256> text{};
  if (certificate != nullptr) {
    X509_NAME_oneline(X509_get_subject_name(certificate), text.data(), static_cast<int>(text.size()));
  }
  return text.data();
}

// Returns whether the connection continues.
template <typename State>
asio::awaitable<bool> act_as_proxy(std::shared_ptr<State> state, tcp::socket& socket) {
  const Script& script = state->script;
  state->connects.push_back(co_await read_request(socket));
  if (!script.silent_proxy) {
    co_await asio::async_write(socket, asio::buffer(script.proxy_response), kAsTuple);
    if (script.proxy_response.find(" 200 ") != std::string::npos) {
      co_return true;
    }
  }
  co_await end(socket, script, script.ending);
  co_return false;
}

template <typename State>
asio::awaitable<void> serve_one(std::shared_ptr<State> state, tcp::socket socket) {
  const Script& script = state->script;
  if (script.on_connection) {
    script.on_connection();
  }
  if (!script.proxy_response.empty() || script.silent_proxy) {
    const bool goes_on = co_await act_as_proxy(state, socket);
    if (!goes_on) {
      co_return;
    }
  }
  if (script.no_handshake) {
    co_await end(socket, script, script.ending);
    co_return;
  }
  if (script.certificate.empty()) {
    co_await answer(state, socket);
    co_return;
  }
  ssl::stream<tcp::socket> stream(std::move(socket), state->context);
  const auto [error] = co_await stream.async_handshake(ssl::stream_base::server, kAsTuple);
  if (!error) {
    const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
    state->server_name = name == nullptr ? "" : name;
    state->client_subject = subject_of(SSL_get0_peer_certificate(stream.native_handle()));
    co_await answer(state, stream);
  }
}

template <typename State>
asio::awaitable<void> serve(std::shared_ptr<State> state) {
  for (;;) {
    auto [error, socket] = co_await state->acceptor.async_accept(kAsTuple);
    if (error) {
      co_return;
    }
    ++state->connections;
    asio::co_spawn(state->acceptor.get_executor(), serve_one(state, std::move(socket)), asio::detached);
  }
}

}  // namespace

TestServer::TestServer(asio::io_context& io, Script script) : state_(std::make_shared<State>(io, std::move(script))) {
  asio::co_spawn(io, serve(state_), asio::detached);
}

TestServer::~TestServer() {
  state_->acceptor.close();
}

std::uint16_t TestServer::port() const {
  return state_->acceptor.local_endpoint().port();
}

std::string TestServer::url(const std::string& path, const std::string& host) const {
  const std::string scheme = state_->script.certificate.empty() ? "http" : "https";
  return scheme + "://" + host + ":" + std::to_string(port()) + path;
}

int TestServer::connections() const {
  return state_->connections;
}
const std::vector<std::string>& TestServer::requests() const {
  return state_->requests;
}
const std::vector<std::string>& TestServer::connects() const {
  return state_->connects;
}
const std::string& TestServer::server_name() const {
  return state_->server_name;
}

const std::string& TestServer::client_subject() const {
  return state_->client_subject;
}
bool TestServer::was_reset() const {
  return state_->was_reset;
}

bool have_ipv6(asio::io_context& io) {
  boost::system::error_code error;
  tcp::acceptor acceptor(io);
  acceptor.open(tcp::v6(), error);
  if (!error) {
    acceptor.bind({asio::ip::address_v6::loopback(), 0}, error);
  }
  return !error;
}

}  // namespace renewd::testing
