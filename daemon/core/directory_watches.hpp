// All inotify watches of one event loop (inotify(7)): one descriptor, and one watch for each directory, for any number
// of FileWatch objects.
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
  using key_type = DirectoryWatches;  // for use_service()
  inline static boost::asio::execution_context::id id;

  // `context` must be an io_context.
  explicit DirectoryWatches(boost::asio::execution_context& context);
  static DirectoryWatches& of(const boost::asio::any_io_executor& executor);

  // A watch descriptor and the name of a directory entry; the name is empty for the directory itself.
  using Entry = std::pair<int, std::string>;
  using Added = tl::expected<Entry, std::error_condition>;
  // Notifies `watch` of changes to the entry `name` and to the directory itself.
  Added add(const std::filesystem::path& directory, std::string name, FileWatch& watch);
  // Notifies `watch` when the directory itself is moved or removed.
  Added add(const std::filesystem::path& directory, FileWatch& watch);
  // Removes the entry, even if it was added several times.
  void remove(const Entry& entry, FileWatch& watch);

  // For the log: what failed, and which limit to raise.
  static std::string reason(const std::filesystem::path& directory, std::error_condition error);
  // True the first time that this problem is reported.
  bool is_new(const std::string& problem) { return reported_.insert(problem).second; }

  // Events are read, which keeps the event loop running, while the result lives.
  std::shared_ptr<void> listen();

 private:
  void shutdown() noexcept override;
  using Watchers = std::set<std::pair<std::string, FileWatch*>>;

  Added add(const std::filesystem::path& directory, std::uint32_t events, std::string name, FileWatch& watch);
  void wait();
  void read();
  void dispatch(int watch_descriptor, std::uint32_t event, const std::string& name);

  // Called again by each add() after a failure, since another process may have released an inotify instance.
  void open();

  std::optional<boost::asio::posix::stream_descriptor> inotify_;
  std::error_condition no_inotify_;
  std::unordered_map<int, Watchers> watchers_;  // by watch descriptor, then by name
  std::set<std::string> reported_;
  std::size_t listeners_ = 0;
  bool waiting_ = false;
};

}  // namespace renewd
