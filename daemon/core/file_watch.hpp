// Tells when somebody puts another file in the place of one, within a second (inotify(7)). Watches the directory
// entries that lead to the file, not the file: a replacement is a rename. What it cannot see (a network file system, a
// kernel out of watches), a look from time to time must find.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace renewd {

// The entries that decide which file a path names: that of the file itself, and that of each symbolic link on the way.
// The file need not exist.
std::vector<std::filesystem::path> entries_on_the_way(const std::filesystem::path& file);

class FileWatch {
 public:
  FileWatch(const boost::asio::any_io_executor& executor, std::filesystem::path file);

  // Returns once the file may be another one than before, counted from the construction or the last return, and nothing
  // has happened to it for a moment since; or when it is cancelled. What the file is now, the caller looks up.
  boost::asio::awaitable<void> changed();

 private:
  void watch();
  // Whether what the kernel has to tell concerns the file.
  bool read_events();
  boost::asio::awaitable<void> readable();
  boost::asio::awaitable<void> quiet_moment();

  std::filesystem::path file_;
  std::optional<boost::asio::posix::stream_descriptor> inotify_;  // nothing: the kernel gave none
  boost::asio::steady_timer timer_;
  std::map<int, std::set<std::string>> names_;  // by watch descriptor
};

}  // namespace renewd
