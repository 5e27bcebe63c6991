// Everything that shows from outside how the daemon does: its metrics (served, and in a file), whether it lives, and a
// page for people. Monitoring never stops a renewal: what fails here is told, and left.
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
#include "renewal/board.hpp"

namespace renewd::monitoring {

class Monitoring {
 public:
  // `stuck` names the certificates whose supervisor does not get on. All of these must outlive this object.
  Monitoring(const boost::asio::any_io_executor& executor, boost::asio::thread_pool* pool, Filesystem& filesystem,
             const Clock& clock, EventLog& log, const renewal::Board& board,
             std::function<std::vector<std::string>()> stuck);

  // At the start, and after each reload: what to watch, and where to show it.
  void configure(const configuration::Settings& settings);
  // The board has changed.
  void changed();
  // Until it is cancelled.
  boost::asio::awaitable<void> write_textfile() { return textfile_.run(); }
  // The daemon ends.
  void close();

  // By path: what the listener answers.
  Answer answer(std::string_view path) const;

 private:
  void listen(const std::optional<configuration::ListenAddress>& address);
  enum class Telling { failure_too, recovery_only };
  void open_listener(Telling telling);
  // A setting under `metrics`, and what it says.
  struct Place {
    std::string what;
    std::string where;
  };
  void tell(const Place& place, const Result<void>& used, std::string_view then) const;
  std::string exposed() const;
  Answer health() const;
  Answer readiness() const;

  const Clock& clock_;
  EventLog& log_;
  const renewal::Board& board_;
  std::function<std::vector<std::string>()> stuck_;
  std::shared_ptr<Counters> counters_;
  Listener listener_;
  Textfile textfile_;
  std::vector<std::string> names_;
  std::vector<std::string> hidden_;                     // paths of secrets
  std::optional<configuration::ListenAddress> wanted_;  // where to listen
  bool listen_failed_ = false;
  boost::asio::steady_timer retry_;  // runs only while the listener is not where it should be
  std::chrono::seconds next_retry_{};
};

}  // namespace renewd::monitoring
