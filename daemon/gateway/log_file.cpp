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

#include "core/text.hpp"
#include "core/try.hpp"

namespace renewd::gateway {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBytesPerRead = std::size_t{4} * 1024 * 1024;
// A directory with more files than this is not searched to its end.
constexpr int kFilesSearched = 10'000;

FileIdentity identity_of(const struct stat& status) {
  return {status.st_dev, status.st_ino};
}

tl::unexpected<Error> failed(const fs::path& path, int error_number) {
  return system_failure(ErrorKind::gateway, "reading the log " + path.string(), error_number);
}

// Nothing: there is no such file.
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

// Waits for nobody at the other end of a pipe, and is no terminal's master.
Result<int> open_log(const fs::path& path, struct stat& status) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) {
    return failed(path, errno);
  }
  if (::fstat(descriptor, &status) != 0) {
    const int error_number = errno;
    ::close(descriptor);
    return failed(path, error_number);
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(descriptor);
    return failure(ErrorKind::gateway, fmt::format("reading the log {}: not a regular file", path.string()));
  }
  return descriptor;
}

// Takes a number and the character behind it off the beginning.
template <typename Number>
bool take_number(std::string_view& text, char behind, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != behind) {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

// The path is escaped: the journal is JSON, which must be UTF-8.
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
  struct stat status{};
  return open_log(path, status).map([](int descriptor) { ::close(descriptor); });
}

LogFile::LogFile(fs::path path, const std::string& position) : path_(std::move(path)) {
  std::string_view rest = position;
  Begin begin;
  if (rest.starts_with("- ")) {
    rest.remove_prefix(2);
  } else {
    FileIdentity file;
    if (!take_number(rest, ':', file.device) || !take_number(rest, ':', file.inode) ||
        !take_number(rest, ' ', begin.offset)) {
      return;
    }
    begin.file = file;
  }
  if (rest == escaped(path_.string())) {
    begin_ = begin;
  }
}

LogFile::~LogFile() {
  close();
}

Result<std::string> LogFile::read(const LineSink& sink) {
  std::size_t budget = kBytesPerRead;
  while (true) {
    // Asked before the rest of an open file is read: whoever renames it does not write to it any more.
    TRY_LET(const auto status, status_of(path_));
    const auto there = status ? std::optional(identity_of(*status)) : std::nullopt;
    if (descriptor_ < 0) {
      auto missing = open_next(there);
      if (!missing || !missing->empty()) {
        return missing;
      }
    }
    TRY_LET(const auto everything, drain(sink, budget));
    if (!everything) {
      return path_.string() + " is still being read";
    }
    if (!there) {
      return path_.string() + " does not exist";
    }
    if (*there == file_) {
      return std::string();
    }
    lines_.finish(sink);
    close();
  }
}

// Returns what is missing.
Result<std::string> LogFile::open_next(const std::optional<FileIdentity>& there) {
  fs::path next = there ? path_ : fs::path();
  if (!begun_ && begin_ && begin_->file && there != begin_->file) {
    // It was renamed since: what was written until then comes first.
    if (fs::path renamed = path_of(*begin_->file); !renamed.empty()) {
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
    return std::move(opened.error().message);  // a new file may get its owner a moment after its name
  }
  if (!opened) {
    return tl::unexpected(std::move(opened.error()));
  }
  begun_ = true;
  return std::string();
}

Result<void> LogFile::open(const fs::path& path) {
  struct stat status{};
  TRY_LET(const auto opened, open_log(path, status));
  descriptor_ = opened;
  file_ = identity_of(status);
  offset_ = 0;
  if (!begun_ && !begin_) {
    offset_ = status.st_size;
  } else if (!begun_ && begin_->file == file_) {
    offset_ = begin_->offset;
  }
  char last = '\n';
  if (offset_ > 0 && ::pread(descriptor_, &last, 1, offset_ - 1) == 1 && last != '\n') {
    lines_.skip_rest_of_line();  // it was begun before
  }
  return {};
}

// The file beside the log that is this one; an empty path when there is none.
fs::path LogFile::path_of(const FileIdentity& file) const {
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

// False when the budget was used up first.
Result<bool> LogFile::drain(const LineSink& sink, std::size_t& budget) {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) {
    return failed(path_, errno);
  }
  if (status.st_size < offset_) {
    offset_ = 0;  // truncated, as logrotate's copytruncate does it
    lines_.forget();
  }
  std::array<char, 65536> buffer;
  while (budget > 0) {
    const ssize_t size = ::pread(descriptor_, buffer.data(), std::min(buffer.size(), budget), offset_);
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

void LogFile::close() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    descriptor_ = -1;
  }
}

}  // namespace renewd::gateway
