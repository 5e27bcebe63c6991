// A log file, followed as `tail -F` does it: across a rename, a truncation, and moments without a file. What was there
// before an activation is told apart by a position, since lines of a file have no time that we could read.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "gateway/log_lines.hpp"
#include "gateway/log_reader.hpp"

namespace renewd::gateway {

// Which file a path leads to; a rename does not change it.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool operator==(const FileIdentity&) const = default;
};

// Where the file at `path` ends now, as text for the journal; empty when that cannot be found out.
std::string log_position(const std::filesystem::path& path);

// Whether the log can be read. Errors: gateway.
Result<void> check_log_file(const std::filesystem::path& path);

class LogFile final : public LogReader {
 public:
  // `position`: what log_position() said; one that is empty, or of another path, means the end of the file as it is at
  // the first read.
  LogFile(std::filesystem::path path, const std::string& position);
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile() override;

  // A file that is not there is waited for; one that cannot be opened at first is an error.
  Result<std::string> read(const LineSink& sink) override;

 private:
  struct Begin {
    std::optional<FileIdentity> file;  // nothing: there was none
    off_t offset = 0;
  };

  Result<std::string> open_next(const std::optional<FileIdentity>& there);
  Result<void> open(const std::filesystem::path& path);
  std::filesystem::path path_of(const FileIdentity& file) const;
  Result<bool> drain(const LineSink& sink, std::size_t& budget);
  void close();

  std::filesystem::path path_;
  std::optional<Begin> begin_;
  bool begun_ = false;
  int descriptor_ = -1;
  FileIdentity file_;
  off_t offset_ = 0;
  LogLines lines_;
};

}  // namespace renewd::gateway
