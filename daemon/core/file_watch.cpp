#include "core/file_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <deque>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "core/as_tuple.hpp"
#include "core/cancellation.hpp"

namespace renewd {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
// Whoever replaces a file by hand does it in several steps; somebody who never stops is not waited for.
constexpr std::chrono::milliseconds kQuiet{200};
constexpr std::chrono::milliseconds kLongest{800};
// As the kernel does it (path_resolution(7)).
constexpr int kMostLinks = 40;

std::deque<fs::path> components(const fs::path& path) {
  const fs::path relative = path.relative_path();
  return {relative.begin(), relative.end()};
}

}  // namespace

std::vector<fs::path> entries_on_the_way(const fs::path& file) {
  std::vector<fs::path> entries;
  std::deque<fs::path> left = components(file);
  fs::path current = file.root_path();
  int links = 0;
  while (!left.empty()) {
    const fs::path name = left.front();
    left.pop_front();
    if (name.empty() || name == ".") {
      continue;
    }
    if (name == "..") {
      current = current.parent_path();
      continue;
    }
    const fs::path entry = current / name;
    std::error_code error;
    const fs::path target = fs::read_symlink(entry, error);
    if (!error && ++links <= kMostLinks) {
      entries.push_back(entry);
      current = target.is_absolute() ? target.root_path() : current;
      const auto further = components(target);
      left.insert(left.begin(), further.begin(), further.end());
      continue;
    }
    if (left.empty()) {
      entries.push_back(entry);
    }
    current = entry;
  }
  return entries;
}

FileWatch::FileWatch(const asio::any_io_executor& executor, fs::path file) : file_(std::move(file)), timer_(executor) {
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor >= 0) {
    inotify_.emplace(executor, descriptor);
  }
  watch();
}

void FileWatch::watch() {
  if (!inotify_) {
    return;
  }
  for (const auto& [watched, names] : names_) {
    ::inotify_rm_watch(inotify_->native_handle(), watched);
  }
  names_.clear();
  for (const auto& entry : entries_on_the_way(file_)) {
    // Two entries of one directory share a watch.
    const int watched = ::inotify_add_watch(inotify_->native_handle(), entry.parent_path().c_str(), kEvents);
    if (watched >= 0) {
      names_[watched].insert(entry.filename());
    }
  }
}

bool FileWatch::read_events() {
  alignas(inotify_event) std::array<char, 4096> buffer;
  bool ours = false;
  while (true) {
    const ssize_t size = ::read(inotify_->native_handle(), buffer.data(), buffer.size());
    if (size <= 0) {
      return ours;
    }
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* const name = event.len == 0 ? "" : buffer.data() + at + sizeof event;
      const auto watched = names_.find(event.wd);
      // IN_IGNORED also tells of watches that we have removed ourselves.
      const bool directory_gone = (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0;
      const bool overflow = (event.mask & IN_Q_OVERFLOW) != 0;
      ours = ours || overflow || (watched != names_.end() && (directory_gone || watched->second.contains(name)));
      at += sizeof event + event.len;
    }
  }
}

asio::awaitable<void> FileWatch::readable() {
  co_await inotify_->async_wait(asio::posix::descriptor_base::wait_read, kAsTuple);
}

asio::awaitable<void> FileWatch::quiet_moment() {
  co_await timer_.async_wait(kAsTuple);
}

asio::awaitable<void> FileWatch::changed() {
  using asio::experimental::awaitable_operators::operator||;
  if (!inotify_) {
    timer_.expires_at(asio::steady_timer::time_point::max());
    co_await quiet_moment();
    co_return;
  }
  bool ours = false;
  auto longest = std::chrono::steady_clock::time_point::max();
  auto quiet = longest;
  while (true) {
    if (ours) {
      timer_.expires_at(std::min(quiet, longest));
      const auto first = co_await (readable() || quiet_moment());
      if (first.index() == 1) {
        break;
      }
    } else {
      co_await readable();
    }
    const bool stopping = co_await stop_requested();
    if (stopping) {
      co_return;
    }
    if (read_events()) {
      const auto now = std::chrono::steady_clock::now();
      longest = ours ? longest : now + kLongest;
      quiet = now + kQuiet;
      ours = true;
    }
  }
  // A link may lead elsewhere by now, and a directory be another.
  watch();
}

}  // namespace renewd
