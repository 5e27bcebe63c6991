// Tells when somebody puts another file in the place of one, within a second (inotify(7)). Watches the directory
// entries that lead to the file, not the file: a replacement is a rename. What it cannot see (a network file system), a
// look from time to time must find. Where the kernel refuses a watch, it asks for such looks itself.
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

class DirectoryWatches;  // those of one event loop

// The entries that decide which file a path names: that of the file itself, and that of each symbolic link on the way.
// The file need not exist.
std::vector<std::filesystem::path> entries_on_the_way(const std::filesystem::path& file);

class FileWatch {
 public:
  FileWatch(const boost::asio::any_io_executor& executor, std::filesystem::path file);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // Returns once the file may be another one than before, counted from the construction or the last return, and nothing
  // has happened to it for a moment since; every few minutes where it cannot be watched; or when it is cancelled. What
  // the file is now, the caller looks up.
  boost::asio::awaitable<void> changed();

  // Why the file cannot be watched; nothing when it is, or when the same has been told before, of whichever file.
  std::optional<std::string> new_problem();

 private:
  friend class DirectoryWatches;
  void watch();
  // Something has happened to an entry.
  void notice();
  boost::asio::awaitable<void> noticed();

  DirectoryWatches& all_;
  std::filesystem::path file_;
  boost::asio::steady_timer timer_;
  // Wakes who waits; what happens while nobody does is `pending_`.
  boost::asio::experimental::channel<void(boost::system::error_code)> noticed_;
  bool pending_ = false;
  std::set<std::pair<int, std::string>> watched_;  // directories by watch descriptor, and entries of theirs
  // The directory that cannot be watched.
  std::optional<std::pair<std::filesystem::path, std::error_condition>> problem_;
};

}  // namespace renewd
