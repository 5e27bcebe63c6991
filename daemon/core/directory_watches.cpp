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

constexpr std::uint32_t kOfTheDirectory = IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t kOfItsEntries =
    kOfTheDirectory | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

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

DirectoryWatches::Added DirectoryWatches::add(const fs::path& directory, std::string name, FileWatch& who) {
  return watch(directory, kOfItsEntries, std::move(name), who);
}

// Adds to the events: for another file, the entries of the same directory may be watched.
DirectoryWatches::Added DirectoryWatches::add(const fs::path& directory, FileWatch& who) {
  return watch(directory, kOfTheDirectory | IN_MASK_ADD, "", who);
}

DirectoryWatches::Added DirectoryWatches::watch(const fs::path& directory, std::uint32_t events, std::string name,
                                                FileWatch& who) {
  if (!inotify_) {
    open();
  }
  if (!inotify_) {
    return tl::unexpected(no_inotify_);
  }
  const int watched = ::inotify_add_watch(inotify_->native_handle(), directory.c_str(), events);
  if (watched < 0) {
    return tl::unexpected(last_error());
  }
  watchers_[watched].emplace(name, &who);
  return Entry{watched, std::move(name)};
}

void DirectoryWatches::remove(const Entry& entry, FileWatch& who) {
  const auto directory = watchers_.find(entry.first);
  if (directory == watchers_.end()) {
    return;  // it was removed
  }
  directory->second.erase({entry.second, &who});
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
  return {this, [](DirectoryWatches* all) {
            if (--all->listeners_ == 0 && all->inotify_) {
              all->inotify_->cancel();
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
    wait();  // also after a cancellation: somebody may have come since
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
      // The name is padded with zeros.
      const char* const name = event.len == 0 ? "" : buffer.data() + at + sizeof event;
      at += sizeof event + event.len;
      happened(event.wd, event.mask, name);
    }
  }
}

void DirectoryWatches::happened(int watched, std::uint32_t what, const std::string& name) {
  if ((what & IN_Q_OVERFLOW) != 0) {
    // What was lost may concern each of them.
    for (const auto& [descriptor, watchers] : watchers_) {
      for (const auto& [entry, who] : watchers) {
        who->notice();
      }
    }
    return;
  }
  const auto directory = watchers_.find(watched);
  if (directory == watchers_.end()) {
    return;  // nobody's any more
  }
  const Watchers& watchers = directory->second;
  const bool directory_itself = (what & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0;
  for (auto at = directory_itself ? watchers.begin() : watchers.lower_bound({name, nullptr});
       at != watchers.end() && (directory_itself || at->first == name); ++at) {
    at->second->notice();
  }
  if ((what & IN_IGNORED) != 0) {
    watchers_.erase(directory);  // the kernel watches it no more
  }
}

}  // namespace renewd
