// The TLS server in front of the endpoint, with the faults that lie below HTTP. One thread, one request a connection.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "endpoint.hpp"
#include "faults.hpp"
#include "options.hpp"

namespace renewd::simulator {

class Server {
 public:
  // Listens when it returns, and has written ca.pem, server.pem and server.key. All arguments must outlive the loop.
  Server(boost::asio::io_context& io, const Options& options, Endpoint& endpoint);

  std::string url() const;
  // Serves until the loop is stopped.
  boost::asio::awaitable<void> accept();

 private:
  using Socket = boost::asio::ip::tcp::socket;
  using Stream = boost::asio::ssl::stream<Socket>;

  boost::asio::awaitable<void> serve(Socket socket);
  boost::asio::awaitable<void> serve_tls(std::shared_ptr<Stream> stream);
  boost::asio::awaitable<void> respond(std::shared_ptr<Stream> stream, Response response);

  boost::asio::io_context& io_;
  const Options& options_;
  Endpoint& endpoint_;
  Fault fault_;
  boost::asio::ssl::context tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace renewd::simulator
