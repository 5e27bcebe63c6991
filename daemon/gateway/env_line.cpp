#include "gateway/env_line.hpp"

#include <getopt.h>

#include <array>
#include <sstream>
#include <vector>

#include "core/text.hpp"

namespace renewd::gateway {
namespace {

using Words = std::vector<std::string>;

// Special characters for -S.
constexpr std::string_view kSpecial = "\\'\"$#";

// The text that -S splits: the rest of its word, which may begin with flags. Empty without -S.
std::optional<std::string_view> split_string(std::string_view argument) {
  constexpr std::string_view kLong = "--split-string=";
  if (argument.starts_with(kLong)) {
    return argument.substr(kLong.size());
  }
  const std::size_t at = argument.find('S');
  const bool follows_flags = at != std::string_view::npos && argument.starts_with('-') &&
                             argument.substr(1, at - 1).find_first_not_of("i0v") == std::string_view::npos;
  return follows_flags ? std::optional(argument.substr(at + 1)) : std::nullopt;
}

// env's program, behind its options and assignments. Empty if env would search it in another PATH or directory than
// ours, or if an option is unknown.
std::optional<std::string> program_in(Words words) {
  constexpr int kOther = 'v';  // without influence on the search
  constexpr std::array kOptions{option{"ignore-environment", no_argument, nullptr, 'i'},
                                option{"unset", required_argument, nullptr, 'u'},
                                option{"chdir", required_argument, nullptr, 'C'},
                                option{"argv0", required_argument, nullptr, kOther},
                                option{"null", no_argument, nullptr, kOther},
                                option{"debug", no_argument, nullptr, kOther},
                                option{"list-signal-handling", no_argument, nullptr, kOther},
                                option{"block-signal", optional_argument, nullptr, kOther},
                                option{"default-signal", optional_argument, nullptr, kOther},
                                option{"ignore-signal", optional_argument, nullptr, kOther},
                                option{}};
  words.insert(words.begin(), "env");
  std::vector<char*> argv;
  for (auto& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  bool same_search = true;
  opterr = 0;
  optind = 0;  // begins again (getopt(3))
  for (int found = 0; found != -1;) {
    found = ::getopt_long(static_cast<int>(words.size()), argv.data(), "+u:C:a:i0v", kOptions.data(), nullptr);
    if (found == '?') {
      return std::nullopt;
    }
    same_search = same_search && found != 'i' && found != 'C' && (found != 'u' || std::string_view(optarg) != "PATH");
  }
  auto next = words.cbegin() + optind;
  if (next != words.cend() && *next == "-") {
    ++next;
    same_search = false;  // as -i
  }
  for (; next != words.cend() && next->find('=') != std::string::npos; ++next) {
    same_search = same_search && !next->starts_with("PATH=");
  }
  const bool known = next != words.cend() && (same_search || next->starts_with('/'));
  return known ? std::optional(*next) : std::nullopt;
}

}  // namespace

std::optional<std::string> program_of_env(std::string_view argument) {
  argument = trimmed(argument, " \t");
  if (!argument.starts_with('-')) {
    const bool is_program = !argument.empty() && argument.find('=') == std::string_view::npos;
    return is_program ? std::optional(std::string(argument)) : std::nullopt;
  }
  const auto split = split_string(argument);
  if (!split || split->find_first_of(kSpecial) != std::string_view::npos) {
    return std::nullopt;
  }
  Words words;
  if (!argument.starts_with("--") && argument.substr(0, argument.find('S')).find('i') != std::string_view::npos) {
    words.emplace_back("-i");  // -iS
  }
  std::istringstream rest{std::string(*split)};
  for (std::string word; rest >> word;) {
    words.push_back(std::move(word));
  }
  return program_in(std::move(words));
}

}  // namespace renewd::gateway
