#include "support/process_memory.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace renewd::testing {
namespace {

// No memory of ours is that large; what a sanitizer keeps beside it is, and holds no copies.
constexpr std::size_t kShadow = std::size_t{1} << 30;

}  // namespace

std::string file_of(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

std::string found_in_memory(pid_t pid, const std::map<std::string, std::string>& texts) {
  std::ifstream memory(file_of(pid, "mem"), std::ios::binary);
  std::ifstream maps(file_of(pid, "maps"));
  std::string found;
  std::size_t looked_at = 0;
  for (std::string line; std::getline(maps, line);) {
    std::size_t begin = 0;
    std::size_t end = 0;
    char rights[5] = "";
    if (std::sscanf(line.c_str(), "%zx-%zx %4s", &begin, &end, rights) != 3 || std::string_view(rights, 2) != "rw" ||
        end - begin > kShadow) {
      continue;
    }
    std::string bytes(end - begin, '\0');
    memory.clear();
    memory.seekg(static_cast<std::streamoff>(begin));
    memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    looked_at += static_cast<std::size_t>(memory.gcount());
    for (const auto& [name, text] : texts) {
      if (bytes.find(text) != std::string::npos) {
        found += name + " in " + line + "\n";
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
