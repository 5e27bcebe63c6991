// Shows the progress of a command on standard error if that is a terminal.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "commands/progress.hpp"
#include "configuration/settings.hpp"
#include "core/event_log.hpp"
#include "core/log_queue.hpp"
#include "service/journal_relay.hpp"
#include "supervision/event_loop.hpp"

namespace renewd::commands {

// Also logs a command that a person runs with the configuration of the service to the system journal, so that
// `journalctl -u gravitee-renewd` shows it. Called first (see JournalRelay). Null if standard error is the journal
// already, or for another configuration.
std::shared_ptr<service::JournalRelay> start_journal(const std::string& command,
                                                     const std::filesystem::path& configuration);

class TerminalProgress {
 public:
  // `loop` must outlive this object, and this object the loop's run().
  TerminalProgress(supervision::EventLoop& loop, const configuration::Settings& settings);

  // Where the command's events go.
  std::shared_ptr<EventSink> events() const { return output_; }
  // Runs `work` on the loop, and refreshes the line every second until it ends.
  void start(boost::asio::awaitable<void> work);
  // As Progress::begin_activation().
  void begin_activation(const std::string& certificate, std::string_view keystore);
  // Called before printing anything else: removes the line and flushes the log, unless its reader blocks.
  void end(std::chrono::milliseconds at_most = std::chrono::seconds(1));

 private:
  boost::asio::awaitable<void> run(boost::asio::awaitable<void> work);
  boost::asio::awaitable<void> draw();

  supervision::EventLoop& loop_;
  std::shared_ptr<Progress> progress_;  // null when standard error is no terminal; the queue's thread draws
  std::shared_ptr<LogQueue> output_;
  boost::asio::steady_timer ticker_;
  bool over_ = false;
};

}  // namespace renewd::commands
