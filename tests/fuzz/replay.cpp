// The main function of a fuzz target without libFuzzer: feeds it every seed, and a number of mutations of them, which
// are the same in each run. Keeps the input with which the target ends the process.
//
//   TARGET_replay [--mutations=NUMBER] FILE|DIRECTORY...
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" {
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Of the sanitizers; missing without them.
[[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());  // NOLINT(bugprone-reserved-identifier): theirs
}

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongest = std::size_t{64} * 1024;

std::string current;  // what the target is being fed
std::string find_file;

// Only what a signal handler may call.
void keep_input() {
  const int file = ::open(find_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) {
    return;
  }
  std::string_view left = current;
  for (ssize_t written = 0; !left.empty() && (written = ::write(file, left.data(), left.size())) > 0;) {
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  ::close(file);
  const std::string_view kept = "the input is kept in ";
  (void)!::write(STDERR_FILENO, kept.data(), kept.size());
  (void)!::write(STDERR_FILENO, find_file.data(), find_file.size());
  (void)!::write(STDERR_FILENO, "\n", 1);
}

void on_abort(int /*signal*/) {
  keep_input();
  (void)std::signal(SIGABRT, SIG_DFL);
  (void)std::raise(SIGABRT);
}

void feed(std::string input) {
  current = std::move(input);
  // A copy without spare bytes, so that the address sanitizer sees the first byte after it.
  const std::vector<std::uint8_t> exact(current.begin(), current.end());
  (void)LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> files_below(const fs::path& path) {
  if (!fs::is_directory(path)) {
    return {path};
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& seeds) : seeds_(seeds) {}

  std::string next() {
    std::string input = seeds_[below(seeds_.size())];
    for (std::size_t steps = 1 + below(4); steps > 0; --steps) {
      change(input);
    }
    input.resize(std::min(input.size(), kLongest));
    return input;
  }

 private:
  // Not uniform_int_distribution, whose results differ between libraries.
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void change(std::string& input) {
    const std::size_t at = below(input.size());
    const std::size_t length = std::min(input.size() - at, 1 + below(16));
    const std::string& other = seeds_[below(seeds_.size())];
    switch (below(7)) {
      case 0:
        input.erase(at, length);
        break;
      case 1:
        input.insert(at, input.substr(at, length));
        break;
      case 2:
        input.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 3:
        input.insert(at, other.substr(below(other.size()), 1 + below(32)));
        break;
      case 4:
        input.resize(at);
        break;
      default:
        if (!input.empty()) {
          auto& byte = input[at];
          byte = below(2) == 0 ? static_cast<char>(below(256)) : static_cast<char>(byte ^ (1 << below(8)));
        }
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_{18};  // NOLINT(bugprone-random-generator-seed): the same in each run
};

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  std::size_t mutations = 0;
  std::vector<std::string> seeds;
  for (const std::string_view argument : arguments) {
    constexpr std::string_view kMutations = "--mutations=";
    if (argument.starts_with(kMutations)) {
      std::from_chars(argument.data() + kMutations.size(), argument.data() + argument.size(), mutations);
      continue;
    }
    std::ranges::transform(files_below(argument), std::back_inserter(seeds), bytes_of);
  }
  if (seeds.empty()) {
    (void)std::fprintf(stderr, "%s: no seeds\n", argv[0]);
    return 2;
  }
  find_file = fs::absolute(argv[0]).string() + ".find";
  (void)std::signal(SIGABRT, on_abort);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(keep_input);
  }
  feed("");
  for (const std::string& seed : seeds) {
    feed(seed);
  }
  Mutator mutator(seeds);
  for (std::size_t i = 0; i < mutations; ++i) {
    feed(mutator.next());
  }
  (void)std::printf("%zu seeds, %zu mutations\n", seeds.size(), mutations);
  return 0;
}
