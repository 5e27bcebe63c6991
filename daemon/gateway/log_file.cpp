#include "gateway/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/opening.hpp"
#include "core/text.hpp"
#include "core/try.hpp"

namespace renewd::gateway {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBytesPerRead = std::size_t{4} * 1024 * 1024;
constexpr int kFilesSearched = 10'000;  // in the log's directory, for a renamed log

FileIdentity identity_of(const struct stat& status) {
  return {status.st_dev, status.st_ino};
}

tl::unexpected<Error> failed(const fs::path& path, int error_number) {
  return system_failure(ErrorKind::gateway, "reading the log " + path.string(), error_number);
}

// Empty if there is no such file.
Result<std::optional<struct stat>> status_of(const fs::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    return status;
  }
  if (errno == ENOENT) {
    return std::nullopt;
  }
  return failed(path, errno);
}

Result<OpenedFile> open_log(const fs::path& path) {
  auto opened = open_to_read(AT_FDCWD, path.c_str(), 0);
  if (!opened) {
    return failed(path, opened.error());
  }
  if (!S_ISREG(opened->status.st_mode)) {
    return failure(ErrorKind::gateway, fmt::format("reading the log {}: not a regular file", path.string()));
  }
  return std::move(*opened);
}

// Removes a number and the separator after it from the front of `text`.
template <typename Number>
bool take_number(std::string_view& text, char separator, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != separator) {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

// Escaped, because the state's journal is JSON, which must be UTF-8.
std::string log_position(const fs::path& path) {
  const auto status = status_of(path);
  if (!status) {
    return {};
  }
  if (!*status) {
    return "- " + escaped(path.string());
  }
  const FileIdentity file = identity_of(**status);
  return fmt::format("{}:{}:{} {}", file.device, file.inode, (*status)->st_size, escaped(path.string()));
}

Result<void> check_log_file(const fs::path& path) {
  return open_log(path).map([](const OpenedFile&) {});
}

LogFile::LogFile(fs::path path, const std::string& position) : path_(std::move(path)) {
  std::string_view rest = position;
  Begin begin;
  if (rest.starts_with("- ")) {
    rest.remove_prefix(2);
  } else {
    FileIdentity file;
    if (!take_number(rest, ':', file.device) || !take_number(rest, ':', file.inode) ||
        !take_number(rest, ' ', begin.offset) || begin.offset < 0) {
      return;
    }
    begin.file = file;
  }
  if (rest == escaped(path_.string())) {
    begin_ = begin;
  }
}

Result<std::string> LogFile::read(const LineSink& sink) {
  std::size_t budget = kBytesPerRead;
  while (true) {
    // Before the rest of the open file is read: after a rename nobody writes to it any more.
    TRY_LET(const auto status, status_of(path_));
    const auto current = status ? std::optional(identity_of(*status)) : std::nullopt;
    if (!descriptor_) {
      TRY_LET(std::string missing, open_next(current));
      if (!missing.empty()) {
        return missing;
      }
    }
    TRY_LET(const bool drained, drain(sink, budget));
    if (!drained) {
      return path_.string() + " is still being read";
    }
    if (!current) {
      return path_.string() + " does not exist";
    }
    if (*current == file_) {
      return std::string();
    }
    lines_.finish(sink);
    descriptor_ = Descriptor();
  }
}

// Returns why there is nothing to read; empty if a file is open.
Result<std::string> LogFile::open_next(const std::optional<FileIdentity>& current) {
  fs::path next = current ? path_ : fs::path();
  if (!begun_ && begin_ && begin_->file && current != begin_->file) {
    // The file was renamed since: its last lines come first.
    if (fs::path renamed = find_renamed(*begin_->file); !renamed.empty()) {
      next = std::move(renamed);
    }
  }
  if (next.empty()) {
    if (!begin_) {
      begin_ = Begin();
    }
    return path_.string() + " does not exist";
  }
  auto opened = open(next);
  if (!opened && begun_) {
    return std::move(opened.error().message);  // the owner of a new file may be set a moment later
  }
  if (!opened) {
    return tl::unexpected(std::move(opened.error()));
  }
  begun_ = true;
  return std::string();
}

Result<void> LogFile::open(const fs::path& path) {
  TRY_LET(auto opened, open_log(path));
  const struct stat& status = opened.status;
  descriptor_ = std::move(opened.file);
  file_ = identity_of(status);
  offset_ = 0;
  if (!begun_ && !begin_) {
    offset_ = status.st_size;
  } else if (!begun_ && begin_->file == file_) {
    offset_ = begin_->offset;
  }
  char last = '\n';
  if (offset_ > 0 && ::pread(descriptor_.get(), &last, 1, offset_ - 1) == 1 && last != '\n') {
    lines_.skip_rest_of_line();  // it began before the activation
  }
  return {};
}

// The new name of a rotated log; empty if it is not in the log's directory.
fs::path LogFile::find_renamed(const FileIdentity& file) const {
  std::error_code error;
  int searched = 0;
  for (fs::directory_iterator entry(path_.parent_path(), error), end; !error && entry != end; entry.increment(error)) {
    struct stat status{};
    if (::lstat(entry->path().c_str(), &status) == 0 && S_ISREG(status.st_mode) && identity_of(status) == file) {
      return entry->path();
    }
    if (++searched == kFilesSearched) {
      break;
    }
  }
  return {};
}

// False if `budget` bytes were read before the end.
Result<bool> LogFile::drain(const LineSink& sink, std::size_t& budget) {
  struct stat status{};
  if (::fstat(descriptor_.get(), &status) != 0) {
    return failed(path_, errno);
  }
  if (status.st_size < offset_) {
    offset_ = 0;  // truncated, for example by logrotate's copytruncate
    lines_.reset();
  }
  std::array<char, 65536> buffer;
  while (budget > 0) {
    const ssize_t size = ::pread(descriptor_.get(), buffer.data(), std::min(buffer.size(), budget), offset_);
    if (size < 0) {
      return failed(path_, errno);
    }
    if (size == 0) {
      return true;
    }
    lines_.add({buffer.data(), static_cast<std::size_t>(size)}, sink);
    offset_ += size;
    budget -= static_cast<std::size_t>(size);
  }
  return false;
}

}  // namespace renewd::gateway
