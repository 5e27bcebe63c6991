#include "support/process_memory.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace renewd::testing {
namespace {

// No memory of ours is that large; what a sanitizer keeps beside it is, and holds no copies.
constexpr std::size_t kShadow = std::size_t{128} << 20;
// Read at once, with the beginning of the next one: a text may lie across.
constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::size_t kLongest = 256;

}  // namespace

std::string file_of(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

std::string found_in_memory(pid_t pid, const std::map<std::string, std::string>& texts) {
  std::ifstream memory(file_of(pid, "mem"), std::ios::binary);
  std::ifstream maps(file_of(pid, "maps"));
  std::string found;
  std::size_t looked_at = 0;
  std::vector<char> block(kBlock + kLongest);
  for (std::string line; std::getline(maps, line);) {
    std::size_t begin = 0;
    std::size_t end = 0;
    char dash = '\0';
    std::string rights;
    std::istringstream words(line);
    words >> std::hex >> begin >> dash >> end >> rights;
    if (!words || !rights.starts_with("rw") || end - begin > kShadow) {
      continue;
    }
    for (std::size_t at = begin; at < end; at += kBlock) {
      memory.clear();
      memory.seekg(static_cast<std::streamoff>(at));
      memory.read(block.data(), static_cast<std::streamsize>(std::min(block.size(), end - at)));
      const auto size = static_cast<std::size_t>(memory.gcount());
      looked_at += size;
      // Most of the memory has never been written.
      if (size == 0 || (block.front() == 0 && std::memcmp(block.data(), block.data() + 1, size - 1) == 0)) {
        continue;
      }
      for (const auto& [name, text] : texts) {
        if (::memmem(block.data(), size, text.data(), text.size()) != nullptr) {
          found += name + " in " + line + "\n";
        }
      }
    }
  }
  if (looked_at < 100'000) {  // a search that sees nothing finds nothing
    throw std::runtime_error("the memory of process " + std::to_string(pid) + " cannot be read");
  }
  return found;
}

std::string left_in_memory(pid_t pid, const std::map<std::string, std::string>& texts) {
  std::string found = "not looked at yet";
  for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
       !found.empty() && std::chrono::steady_clock::now() < end;) {
    found = found_in_memory(pid, texts);
    std::this_thread::sleep_for(std::chrono::milliseconds(found.empty() ? 0 : 100));
  }
  return found;
}

std::string utf16(const std::string& text) {
  std::string wide;
  for (const char c : text) {
    wide += '\0';
    wide += c;
  }
  return wide;
}

}  // namespace renewd::testing
