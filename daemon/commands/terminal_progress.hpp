// Shows the progress of a command on standard error if that is a terminal.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "commands/progress.hpp"
#include "configuration/settings.hpp"
#include "core/event_log.hpp"
#include "core/log_queue.hpp"
#include "supervision/event_loop.hpp"

namespace renewd::commands {

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
