// The directories that the file watches of one event loop look at: one inotify descriptor for all of them, and one
// watch for each directory, however many files in it are watched (inotify(7)).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <tl/expected.hpp>

namespace renewd {

class FileWatch;

class DirectoryWatches final : public boost::asio::execution_context::service {
 public:
  using key_type = DirectoryWatches;  // as use_service() wants it
  inline static boost::asio::execution_context::id id;

  // Only for an io_context.
  explicit DirectoryWatches(boost::asio::execution_context& context);
  static DirectoryWatches& of(const boost::asio::any_io_executor& executor);

  // An entry of a directory, by the watch descriptor of that; an empty name for the directory itself.
  using Entry = std::pair<int, std::string>;
  // Or why it cannot be watched.
  using Added = tl::expected<Entry, std::error_condition>;
  // `who` notices what happens to the entry `name` of the directory, and to the directory itself.
  Added add(const std::filesystem::path& directory, std::string name, FileWatch& who);
  // `who` notices that the directory itself is moved or removed.
  Added add(const std::filesystem::path& directory, FileWatch& who);
  // What was added twice is removed by the first.
  void remove(const Entry& entry, FileWatch& who);

  // For a log: what failed, and what lifts the limit where it is one.
  static std::string reason(const std::filesystem::path& directory, std::error_condition error);
  // Whether this was not told before.
  bool is_new(const std::string& problem) { return told_.insert(problem).second; }

  // Events are read as long as somebody holds this: waiting for them keeps the loop alive.
  std::shared_ptr<void> listen();

 private:
  void shutdown() noexcept override;
  using Watchers = std::set<std::pair<std::string, FileWatch*>>;

  Added watch(const std::filesystem::path& directory, std::uint32_t events, std::string name, FileWatch& who);
  void wait();
  void read();
  void happened(int watched, std::uint32_t what, const std::string& name);

  // Where there is none, each watch tries again: another process may have given one back.
  void open();

  std::optional<boost::asio::posix::stream_descriptor> inotify_;
  std::error_condition no_inotify_;
  // By watch descriptor, then by name: an event costs nothing for those that it does not concern.
  std::unordered_map<int, Watchers> watchers_;
  std::set<std::string> told_;
  std::size_t listeners_ = 0;
  bool waiting_ = false;
};

}  // namespace renewd
