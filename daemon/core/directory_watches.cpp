#include "core/directory_watches.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "core/descriptor.hpp"
#include "core/file_watch.hpp"

namespace renewd {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::uint32_t kDirectoryEvents = IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t kEntryEvents =
    kDirectoryEvents | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

std::error_condition last_error() {
  return {errno, std::generic_category()};
}

}  // namespace

DirectoryWatches::DirectoryWatches(asio::execution_context& context) : service(context) {
  open();
}

void DirectoryWatches::open() {
  Descriptor descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!descriptor) {
    no_inotify_ = last_error();
    return;
  }
  asio::posix::stream_descriptor inotify(static_cast<asio::io_context&>(context()));
  boost::system::error_code error;
  inotify.assign(descriptor.get(), error);
  if (error) {
    no_inotify_ = error.default_error_condition();
    return;
  }
  (void)descriptor.release();
  inotify_.emplace(std::move(inotify));
  wait();
}

DirectoryWatches& DirectoryWatches::of(const asio::any_io_executor& executor) {
  return asio::use_service<DirectoryWatches>(asio::query(executor, asio::execution::context));
}

void DirectoryWatches::shutdown() noexcept {
  inotify_.reset();
}

DirectoryWatches::Added DirectoryWatches::add(const fs::path& directory, std::string name, FileWatch& watch) {
  return add(directory, kEntryEvents, std::move(name), watch);
}

// IN_MASK_ADD: another FileWatch may be watching the entries of the same directory.
DirectoryWatches::Added DirectoryWatches::add(const fs::path& directory, FileWatch& watch) {
  return add(directory, kDirectoryEvents | IN_MASK_ADD, "", watch);
}

DirectoryWatches::Added DirectoryWatches::add(const fs::path& directory, std::uint32_t events, std::string name,
                                              FileWatch& watch) {
  if (!inotify_) {
    open();
  }
  if (!inotify_) {
    return tl::unexpected(no_inotify_);
  }
  const int watch_descriptor = ::inotify_add_watch(inotify_->native_handle(), directory.c_str(), events);
  if (watch_descriptor < 0) {
    return tl::unexpected(last_error());
  }
  watchers_[watch_descriptor].emplace(name, &watch);
  return Entry{watch_descriptor, std::move(name)};
}

void DirectoryWatches::remove(const Entry& entry, FileWatch& watch) {
  const auto directory = watchers_.find(entry.first);
  if (directory == watchers_.end()) {
    return;  // the directory was removed
  }
  directory->second.erase({entry.second, &watch});
  if (directory->second.empty()) {
    watchers_.erase(directory);
    if (inotify_) {
      ::inotify_rm_watch(inotify_->native_handle(), entry.first);
    }
  }
}

std::string DirectoryWatches::reason(const fs::path& directory, std::error_condition error) {
  constexpr std::string_view kConsequence =
      "until then, the daemon checks every few minutes whether a keystore was replaced externally";
  if (error == std::errc::no_space_on_device) {
    return fmt::format("this user has no inotify watches left (raise fs.inotify.max_user_watches); {}", kConsequence);
  }
  if (error == std::errc::too_many_files_open) {
    return fmt::format(
        "no inotify instance is available (raise fs.inotify.max_user_instances or the limit of open files); {}",
        kConsequence);
  }
  return fmt::format("cannot watch {}: {}; {}", directory.string(), error.message(), kConsequence);
}

std::shared_ptr<void> DirectoryWatches::listen() {
  ++listeners_;
  wait();
  return {this, [](DirectoryWatches* watches) {
            if (--watches->listeners_ == 0 && watches->inotify_) {
              watches->inotify_->cancel();
            }
          }};
}

void DirectoryWatches::wait() {
  if (waiting_ || listeners_ == 0 || !inotify_) {
    return;
  }
  waiting_ = true;
  inotify_->async_wait(asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
    waiting_ = false;
    if (!error) {
      read();
    }
    wait();  // also after a cancellation: there may be a new listener
  });
}

void DirectoryWatches::read() {
  alignas(inotify_event) std::array<char, 4096> buffer;
  while (true) {
    const ssize_t size = ::read(inotify_->native_handle(), buffer.data(), buffer.size());
    if (size <= 0) {
      return;
    }
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      // The name ends with a NUL.
      const char* const name = event.len == 0 ? "" : buffer.data() + at + sizeof event;
      at += sizeof event + event.len;
      dispatch(event.wd, event.mask, name);
    }
  }
}

void DirectoryWatches::dispatch(int watch_descriptor, std::uint32_t event, const std::string& name) {
  if ((event & IN_Q_OVERFLOW) != 0) {
    // The kernel dropped events of unknown directories.
    for (const auto& [descriptor, watchers] : watchers_) {
      for (const auto& [entry, watch] : watchers) {
        watch->notify();
      }
    }
    return;
  }
  const auto directory = watchers_.find(watch_descriptor);
  if (directory == watchers_.end()) {
    return;  // an event that was queued before remove()
  }
  const Watchers& watchers = directory->second;
  const bool directory_itself = (event & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0;
  for (auto at = directory_itself ? watchers.begin() : watchers.lower_bound({name, nullptr});
       at != watchers.end() && (directory_itself || at->first == name); ++at) {
    at->second->notify();
  }
  if ((event & IN_IGNORED) != 0) {
    watchers_.erase(directory);  // the kernel has removed the watch
  }
}

}  // namespace renewd
