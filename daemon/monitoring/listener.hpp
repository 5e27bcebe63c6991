// A small HTTP server for whoever monitors the daemon. Whatever a client does, it costs the daemon little: one request
// a connection, few connections, and bounds on time and size. Refuses what a foreign web page makes a browser ask
// (host_header.hpp). What is answered is the handler's business.
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

struct Answer {
  unsigned status = 200;
  std::string type;
  std::string body;
};

// At once; with one more, the one that has been open for longest is closed: a client that holds connections open
// keeps nobody else out.
inline constexpr std::size_t kMostConnections = 32;
// For the request, and again for the answer.
inline constexpr std::chrono::seconds kClientTime{10};

class Listener {
 public:
  // The answer to GET (and HEAD) of a path, without its query.
  using Handler = std::function<Answer(std::string_view path)>;

  Listener(boost::asio::any_io_executor executor, Handler handler);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  // Serves there, and nowhere else any more. Errors: those of listen_on().
  Result<void> open(const configuration::ListenAddress& address);
  // It was opened, and nobody can connect any more: the file of its unix socket is gone, for one.
  bool is_lost() const;
  // Ends every connection, and leaves nothing that keeps the event loop running.
  void close();

 private:
  struct Server;
  boost::asio::any_io_executor executor_;
  Handler handler_;
  std::shared_ptr<Server> server_;
};

}  // namespace renewd::monitoring
