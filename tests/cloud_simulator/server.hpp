// The TLS server in front of the endpoint, with its faults. One thread, one request a connection.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include "endpoint.hpp"
#include "faults.hpp"
#include "options.hpp"
#include "server_tls.hpp"

namespace renewd::simulator {

class Server {
 public:
  // Listens when it returns (but for the fault `refuse`), and has written ca.pem, server.pem and server.key. All
  // arguments must outlive the loop.
  Server(boost::asio::io_context& io, const Options& options, Endpoint& endpoint);

  std::string url() const;
  // Of connections that are accepted from now on, none has a fault.
  void end_fault();
  // Serves until the loop is stopped.
  boost::asio::awaitable<void> accept();

 private:
  using Socket = boost::asio::ip::tcp::socket;
  using Stream = boost::asio::ssl::stream<Socket>;

  boost::asio::awaitable<void> serve(Socket socket, ChosenFault chosen);
  boost::asio::awaitable<void> serve_tls(std::shared_ptr<Stream> stream, ChosenFault chosen);
  boost::asio::awaitable<void> wait(std::chrono::milliseconds time);
  boost::asio::ssl::context& context_for(Fault fault);
  boost::asio::awaitable<void> respond(std::shared_ptr<Stream> stream, ChosenFault chosen, Response response);

  boost::asio::io_context& io_;
  const Options& options_;
  Endpoint& endpoint_;
  ChosenFault fault_;
  TlsContexts tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer fault_ended_;  // cancelled when the fault ends
  unsigned connections_ = 0;
};

}  // namespace renewd::simulator
