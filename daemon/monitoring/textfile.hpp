// The file that node_exporter's textfile collector reads: written anew after each change, at most once a second, whole
// at every moment. Never while nothing changes: an idle daemon is not woken.
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
  // `contents` makes the text; `report` is told the first failure in a row at a place, and its end. The file is written
  // on the pool: a disk that hangs holds up no renewal. All of them must outlive this object.
  Textfile(const boost::asio::any_io_executor& executor, boost::asio::thread_pool* pool, Filesystem& filesystem,
           std::function<std::string()> contents,
           std::function<void(const std::filesystem::path&, const Result<void>&)> report);

  // Where to; a file at the place before is removed. Nothing: nowhere.
  void move_to(const std::optional<std::filesystem::path>& path);
  // Something has changed.
  void changed();
  // Writes until it is cancelled, and then once more if something has changed since.
  boost::asio::awaitable<void> run();

 private:
  boost::asio::awaitable<void> write();

  boost::asio::thread_pool* pool_;
  Filesystem& filesystem_;
  std::function<std::string()> contents_;
  std::function<void(const std::filesystem::path&, const Result<void>&)> report_;
  std::optional<std::filesystem::path> path_;
  // Not a timer without end: Asio wakes up for such a one every five minutes.
  boost::asio::experimental::channel<void(boost::system::error_code)> wake_;
  boost::asio::steady_timer pause_;
  bool changed_ = false;
  std::optional<std::filesystem::path> failing_;  // the file that was reported
};

}  // namespace renewd::monitoring
