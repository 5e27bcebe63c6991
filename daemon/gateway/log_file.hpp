// Follows a log file like `tail -F`: across renames, truncations and times without a file. Since its lines have no
// timestamp that we could read, a position separates lines before an activation from those after it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/descriptor.hpp"
#include "gateway/log_lines.hpp"
#include "gateway/log_reader.hpp"

namespace renewd::gateway {

// A rename does not change it.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool operator==(const FileIdentity&) const = default;
};

// Where the file at `path` ends now, as text for the state's journal; empty if unknown.
std::string log_position(const std::filesystem::path& path);

// Whether the log can be read. Error kind: gateway.
Result<void> check_log_file(const std::filesystem::path& path);

class LogFile final : public LogReader {
 public:
  // `position` comes from log_position(). If it is empty or for another path, reading begins at the end that the file
  // has at the first read().
  LogFile(std::filesystem::path path, const std::string& position);

  // A missing file may appear later; one that cannot be opened the first time is an error.
  Result<std::string> read(const LineSink& sink) override;

 private:
  struct Begin {
    std::optional<FileIdentity> file;  // empty: there was no file
    off_t offset = 0;
  };

  Result<std::string> open_next(const std::optional<FileIdentity>& current);
  Result<void> open(const std::filesystem::path& path);
  std::filesystem::path find_renamed(const FileIdentity& file) const;
  Result<bool> drain(const LineSink& sink, std::size_t& budget);

  std::filesystem::path path_;
  std::optional<Begin> begin_;
  bool begun_ = false;
  Descriptor descriptor_;
  FileIdentity file_;
  off_t offset_ = 0;
  LogLines lines_;
};

}  // namespace renewd::gateway
