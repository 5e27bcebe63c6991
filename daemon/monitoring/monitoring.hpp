// Shows the state of the daemon: metrics (over HTTP and in a file), health checks, and a page for people. A failure
// here is only logged, and never stops a renewal.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/event_log.hpp"
#include "core/filesystem.hpp"
#include "monitoring/counters.hpp"
#include "monitoring/listener.hpp"
#include "monitoring/textfile.hpp"
#include "report/status_board.hpp"

namespace renewd::monitoring {

class Monitoring {
 public:
  // `stuck` returns the certificates whose supervisor makes no progress. All arguments must outlive this object.
  Monitoring(const boost::asio::any_io_executor& executor, boost::asio::thread_pool* pool, Filesystem& filesystem,
             const Clock& clock, EventLog& log, const report::StatusBoard& board,
             std::function<std::vector<std::string>()> stuck);

  // Called at the start and after each reload.
  void configure(const configuration::Settings& settings);
  // Called when the board has changed.
  void changed();
  // Runs until it is cancelled.
  boost::asio::awaitable<void> write_textfile() { return textfile_.run(); }
  // Called when the daemon ends.
  void close();

  // The response of the listener to a request for a path.
  Response respond(std::string_view path) const;

 private:
  void listen(const std::optional<configuration::ListenAddress>& address);
  enum class Retry { no, yes };  // a retry logs only its success
  void open_listener(Retry retry);
  // Logs that the setting `metrics.<what>` cannot be used, or works again. `where` is its value.
  void report(const std::string& what, const std::string& where, const Result<void>& used,
              std::string_view consequence) const;
  std::string metrics_text() const;
  Response health() const;
  Response readiness() const;

  const Clock& clock_;
  EventLog& log_;
  const report::StatusBoard& board_;
  std::function<std::vector<std::string>()> stuck_;
  std::shared_ptr<Counters> counters_;
  Listener listener_;
  Textfile textfile_;
  std::vector<std::string> names_;
  std::vector<std::string> hidden_;                     // paths of secrets
  std::optional<configuration::ListenAddress> wanted_;  // where to listen
  bool listen_failed_ = false;
  boost::asio::steady_timer retry_;  // runs only while the address cannot be used
  std::chrono::seconds retry_delay_{};
};

}  // namespace renewd::monitoring
