// Notices within a second that a file was replaced (inotify(7)). It watches the directory entries on the path rather
// than the file, since a replacement is a rename. The caller must also check from time to time, because inotify does
// not see changes by other hosts on a network file system.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/steady_timer.hpp>

namespace renewd {

class DirectoryWatches;

// The directory entries that determine which file a path names: each symbolic link on the path, and the file itself.
// The file need not exist.
std::vector<std::filesystem::path> entries_on_path(const std::filesystem::path& file);

class FileWatch {
 public:
  FileWatch(const boost::asio::any_io_executor& executor, std::filesystem::path file);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // Returns when the file may have changed since the construction or the last return, and has been quiet for a moment;
  // every few minutes if the kernel refused to watch it; or when cancelled. The caller must check the file itself.
  boost::asio::awaitable<void> changed();

  // Why the file cannot be watched; nothing if it can, or if the same problem was reported before for any file.
  std::optional<std::string> new_problem();

 private:
  friend class DirectoryWatches;
  void watch();
  // An entry has changed.
  void notify();
  boost::asio::awaitable<void> notified();

  DirectoryWatches& watches_;
  std::filesystem::path file_;
  boost::asio::steady_timer timer_;
  boost::asio::experimental::channel<void(boost::system::error_code)> wake_;  // wakes changed()
  bool pending_ = false;                           // a change that changed() has not seen yet
  std::set<std::pair<int, std::string>> watched_;  // DirectoryWatches::Entry
  // The directory that cannot be watched.
  std::optional<std::pair<std::filesystem::path, std::error_condition>> problem_;
};

}  // namespace renewd
