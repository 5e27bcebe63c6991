// Writes the file for node_exporter's textfile collector: atomically, after each change, at most once a second. It
// wakes no idle daemon, because it writes nothing while nothing changes.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "core/error.hpp"
#include "core/filesystem.hpp"

namespace renewd::monitoring {

class Textfile {
 public:
  // `contents` returns the text. `report` gets the first of several failures, and the next success. Writes on the pool,
  // so that a blocked disk delays no renewal. All arguments must outlive this object.
  Textfile(const boost::asio::any_io_executor& executor, boost::asio::thread_pool* pool, Filesystem& filesystem,
           std::function<std::string()> contents,
           std::function<void(const std::filesystem::path&, const Result<void>&)> report);

  // Changes the path and removes the file at the previous one. Nothing: writes no file.
  void move_to(const std::optional<std::filesystem::path>& path);
  // Called after each change.
  void changed();
  // Writes until it is cancelled, and then once more if anything has changed.
  boost::asio::awaitable<void> run();

 private:
  boost::asio::awaitable<void> write();

  boost::asio::thread_pool* pool_;
  Filesystem& filesystem_;
  std::function<std::string()> contents_;
  std::function<void(const std::filesystem::path&, const Result<void>&)> report_;
  std::optional<std::filesystem::path> path_;
  // Not a timer without an expiry, for which Asio wakes up every five minutes.
  boost::asio::experimental::channel<void(boost::system::error_code)> wake_;
  boost::asio::steady_timer pause_;
  bool changed_ = false;
  std::optional<std::filesystem::path> failing_;  // reported
};

}  // namespace renewd::monitoring
