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

// Whoever replaces a file by hand does it in several steps; somebody who never stops is not waited for.
constexpr std::chrono::milliseconds kQuiet{200};
constexpr std::chrono::milliseconds kLongest{800};
// Where the kernel watches nothing, the caller looks: reading a keystore is cheap, opening it is not.
constexpr std::chrono::minutes kLookWithoutWatch{5};
// As the kernel does it (path_resolution(7)).
constexpr int kMostLinks = 40;

std::deque<fs::path> components(const fs::path& path) {
  const fs::path relative = path.relative_path();
  return {relative.begin(), relative.end()};
}

bool is_missing(std::error_condition error) {
  return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
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

FileWatch::FileWatch(const asio::any_io_executor& executor, fs::path file)
    : all_(DirectoryWatches::of(executor)), file_(std::move(file)), timer_(executor), noticed_(executor) {
  watch();
}

FileWatch::~FileWatch() {
  for (const auto& entry : watched_) {
    all_.remove(entry, *this);
  }
}

void FileWatch::watch() {
  // First the new ones: what is watched before and after stays watched.
  const auto before = std::exchange(watched_, {});
  problem_.reset();
  for (const auto& entry : entries_on_the_way(file_)) {
    fs::path directory = entry.parent_path();
    std::string name = entry.filename();
    auto added = all_.add(directory, name, *this);
    while (!added && is_missing(added.error()) && directory.has_relative_path()) {
      // It may be made, or come back.
      name = directory.filename();
      directory = directory.parent_path();
      added = all_.add(directory, name, *this);
    }
    if (!added) {
      problem_.emplace(directory, added.error());
      continue;
    }
    watched_.insert(std::move(*added));
    // Those above it may be moved away, with all that is in them. Where that cannot be seen, the file itself still is.
    for (directory = directory.parent_path(); directory.has_relative_path(); directory = directory.parent_path()) {
      if (auto above = all_.add(directory, *this)) {
        watched_.insert(std::move(*above));
      }
    }
  }
  for (const auto& entry : before) {
    if (!watched_.contains(entry)) {
      all_.remove(entry, *this);
    }
  }
}

void FileWatch::notice() {
  pending_ = true;
  noticed_.try_send(boost::system::error_code());
}

std::optional<std::string> FileWatch::new_problem() {
  if (!problem_) {
    return std::nullopt;
  }
  std::string reason = DirectoryWatches::reason(problem_->first, problem_->second);
  return all_.is_new(reason) ? std::optional(std::move(reason)) : std::nullopt;
}

asio::awaitable<void> FileWatch::noticed() {
  const auto listening = all_.listen();
  co_await noticed_.async_receive(kAsTuple);
}

asio::awaitable<void> FileWatch::changed() {
  using asio::experimental::awaitable_operators::operator||;
  constexpr auto kNever = std::chrono::steady_clock::time_point::max();
  auto longest = kNever;
  auto quiet = kNever;
  // What cannot be watched may have changed whenever this is over.
  auto until = !problem_ ? kNever : std::chrono::steady_clock::now() + kLookWithoutWatch;
  while (true) {
    if (!pending_) {
      bool over = false;
      if (until == kNever) {
        co_await noticed();
      } else {
        timer_.expires_at(until);
        const auto first = co_await (noticed() || expired(timer_));
        over = first.index() == 1;
      }
      const bool stopping = co_await stop_requested();
      if (stopping) {
        co_return;
      }
      if (over) {
        break;
      }
    }
    if (std::exchange(pending_, false)) {
      const auto now = std::chrono::steady_clock::now();
      longest = std::min(longest, now + kLongest);
      quiet = now + kQuiet;
      until = std::min(quiet, longest);
    }
  }
  // A link may lead elsewhere by now, and a directory be another.
  watch();
}

}  // namespace renewd
