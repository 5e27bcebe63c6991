// Arguments in, one line with the address out, requests until SIGTERM; a fault ends at SIGUSR1, which is printed.

#include <csignal>
#include <exception>
#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>

#include "server.hpp"

namespace {

using namespace renewd::simulator;

void serve(const Options& options) {
  std::filesystem::create_directories(options.directory);
  boost::asio::io_context io(1);
  Issuer issuer(options);
  Endpoint endpoint(options, issuer);
  Server server(io, options, endpoint);
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  boost::asio::signal_set over(io, SIGUSR1);
  over.async_wait([&server](const boost::system::error_code& error, int) {
    if (!error) {
      server.end_fault();
      std::cout << "without fault" << std::endl;
    }
  });
  boost::asio::co_spawn(io, server.accept(), boost::asio::detached);
  std::cout << "listening on " << server.url() << std::endl;
  io.run();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const ParsedOptions parsed = parse_options(argc, argv);
    if (parsed.exit_status) {
      return *parsed.exit_status;
    }
    serve(parsed.options);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "gravitee-cloud-simulator: " << error.what() << std::endl;
    return 2;
  }
}
