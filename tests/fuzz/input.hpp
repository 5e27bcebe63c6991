// What the targets share: assertions, and decisions read from an input.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <source_location>
#include <string>
#include <string_view>

namespace renewd::fuzz {

// Ends the process as a sanitizer does, so that the input is kept.
inline void expect(bool condition, std::source_location where = std::source_location::current()) {
  if (!condition) {
    (void)std::fprintf(stderr, "%s:%u: the property does not hold\n", where.file_name(), where.line());
    std::abort();
  }
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Reads numbers off the front of an input; zeros after its end.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  std::string_view rest() const { return bytes_; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
  // Big-endian, which is easier to read in a seed.
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      result = result << 8U | (i < bytes_.size() ? static_cast<unsigned char>(bytes_[i]) : 0U);
    }
    bytes_.remove_prefix(std::min(bytes, bytes_.size()));
    return result;
  }
  // Up to and without the next line break.
  std::string_view line() {
    const std::string_view found = bytes_.substr(0, bytes_.find('\n'));
    bytes_.remove_prefix(std::min(found.size() + 1, bytes_.size()));
    return found;
  }

 private:
  std::string_view bytes_;
};

// A directory for all inputs of a process, in memory where the host has such a place; removed at its end.
class Scratch {
 public:
  Scratch() {
    const std::filesystem::path memory = "/dev/shm";
    path_ = (std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path()) /
            ("renewd-fuzz-" + std::to_string(::getpid()));
    std::filesystem::create_directories(path_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void put(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

}  // namespace renewd::fuzz
