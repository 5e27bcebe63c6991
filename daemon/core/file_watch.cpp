#include "core/file_watch.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "core/as_tuple.hpp"
#include "core/cancellation.hpp"
#include "core/directory_watches.hpp"

namespace renewd {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

// A file that is replaced by hand changes several times; wait until it is quiet, but not for ever.
constexpr std::chrono::milliseconds kQuiet{200};
constexpr std::chrono::milliseconds kMaxWait{800};
constexpr std::chrono::minutes kPollInterval{5};  // if the kernel refuses to watch
constexpr int kMaxLinks = 40;                     // as in the kernel (path_resolution(7))

std::deque<fs::path> components(const fs::path& path) {
  const fs::path relative = path.relative_path();
  return {relative.begin(), relative.end()};
}

bool is_missing(std::error_condition error) {
  return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
}

}  // namespace

std::vector<fs::path> entries_on_path(const fs::path& file) {
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
    if (!error && ++links <= kMaxLinks) {
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

FileWatch::FileWatch(const asio::any_io_executor& executor, fs::path file)
    : watches_(DirectoryWatches::of(executor)), file_(std::move(file)), timer_(executor), wake_(executor) {
  watch();
}

FileWatch::~FileWatch() {
  for (const auto& entry : watched_) {
    watches_.remove(entry, *this);
  }
}

void FileWatch::watch() {
  // Add new entries before removing old ones, so that an entry in both sets is watched without a gap.
  const auto before = std::exchange(watched_, {});
  problem_.reset();
  for (const auto& entry : entries_on_path(file_)) {
    fs::path directory = entry.parent_path();
    std::string name = entry.filename();
    auto added = watches_.add(directory, name, *this);
    while (!added && is_missing(added.error()) && directory.has_relative_path()) {
      // Watch for the missing directory to be created.
      name = directory.filename();
      directory = directory.parent_path();
      added = watches_.add(directory, name, *this);
    }
    if (!added) {
      problem_.emplace(directory, added.error());
      continue;
    }
    watched_.insert(std::move(*added));
    // A parent directory may be moved away. If it cannot be watched, the file itself still is.
    for (directory = directory.parent_path(); directory.has_relative_path(); directory = directory.parent_path()) {
      if (auto above = watches_.add(directory, *this)) {
        watched_.insert(std::move(*above));
      }
    }
  }
  for (const auto& entry : before) {
    if (!watched_.contains(entry)) {
      watches_.remove(entry, *this);
    }
  }
}

void FileWatch::notify() {
  pending_ = true;
  wake_.try_send(boost::system::error_code());
}

std::optional<std::string> FileWatch::new_problem() {
  if (!problem_) {
    return std::nullopt;
  }
  std::string reason = DirectoryWatches::reason(problem_->first, problem_->second);
  return watches_.is_new(reason) ? std::optional(std::move(reason)) : std::nullopt;
}

asio::awaitable<void> FileWatch::notified() {
  const auto listening = watches_.listen();
  co_await wake_.async_receive(kAsTuple);
}

asio::awaitable<void> FileWatch::changed() {
  using asio::experimental::awaitable_operators::operator||;
  constexpr auto kNever = std::chrono::steady_clock::time_point::max();
  auto latest = kNever;
  auto until = problem_ ? std::chrono::steady_clock::now() + kPollInterval : kNever;
  while (true) {
    if (!pending_) {
      bool timed_out = false;
      if (until == kNever) {
        co_await notified();
      } else {
        timer_.expires_at(until);
        const auto first = co_await (notified() || expired(timer_));
        timed_out = first.index() == 1;
      }
      const bool stopping = co_await stop_requested();
      if (stopping) {
        co_return;
      }
      if (timed_out) {
        break;
      }
    }
    if (std::exchange(pending_, false)) {
      const auto now = std::chrono::steady_clock::now();
      latest = std::min(latest, now + kMaxWait);
      until = std::min(now + kQuiet, latest);
    }
  }
  // Links and directories on the path may have changed.
  watch();
}

}  // namespace renewd
