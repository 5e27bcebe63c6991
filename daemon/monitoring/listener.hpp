// A small HTTP server for monitoring. Limits what a client can cost the daemon: one request per connection, few
// connections, and bounds on time and size. Refuses requests of foreign web pages (host_header.hpp).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "configuration/settings.hpp"
#include "core/error.hpp"

namespace renewd::monitoring {

struct Response {
  unsigned status = 200;
  std::string type;
  std::string body;
};

// For one more, the listener closes the oldest: a client that holds connections open cannot block others.
inline constexpr std::size_t kMostConnections = 32;
// For the request, and again for the response.
inline constexpr std::chrono::seconds kClientTime{10};

class Listener {
 public:
  // Responds to GET and HEAD; the path comes without its query.
  using Handler = std::function<Response(std::string_view path)>;

  Listener(boost::asio::any_io_executor executor, Handler handler);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  // Listens on this address instead of the previous one. Errors: those of listen_on().
  Result<void> open(const configuration::ListenAddress& address);
  // Whether it was opened, but clients can no longer connect, for example because its socket file was removed.
  bool is_lost() const;
  // Ends every connection and stops listening, so that the event loop can end.
  void close();

 private:
  struct Server;
  boost::asio::any_io_executor executor_;
  Handler handler_;
  std::shared_ptr<Server> server_;
};

}  // namespace renewd::monitoring
