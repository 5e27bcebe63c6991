// Random and hostile input: it must quickly give settings or errors, and never a crash.
#include <algorithm>
#include <random>
#include <sstream>
#include <utility>

#include "configuration/loader.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::configuration {
namespace {

// Errors are allowed; checks that they follow their contract, and that the process survives.
void survives(const std::string& yaml) {
  const auto settings = parse(yaml);
  if (settings) {
    return;
  }
  REQUIRE_FALSE(settings.error().empty());
  REQUIRE(std::is_sorted(settings.error().begin(), settings.error().end(),
                         [](const auto& a, const auto& b) { return a.place < b.place; }));
  for (const Diagnostic& diagnostic : settings.error()) {
    REQUIRE_FALSE(diagnostic.message.empty());
    REQUIRE(diagnostic.message.find('\n') == std::string::npos);
    REQUIRE((diagnostic.place.line == 0) == (diagnostic.place.column == 0));
  }
}

// The example without explanations, so that mutations hit the options.
std::string dense_example() {
  std::istringstream lines(testing::read_file(RENEWD_EXAMPLE_CONFIGURATION));
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t word = line.find_first_not_of(' ');
    if (word == std::string::npos || (line[word] == '#' && line.substr(word, 2) == "# ") || line == "#") {
      if (!line.starts_with("#  ")) {
        continue;
      }
    }
    text += (line.starts_with('#') ? line.substr(1) : line) + "\n";
  }
  return text;
}

std::string repeated(std::string_view piece) {
  std::string text;
  while (text.size() + piece.size() <= 256 * 1024) {
    text += piece;
  }
  return text;
}

TEST_CASE("survives a truncated example") {
  const std::string example = dense_example();
  REQUIRE(parse(example)->certificates.size() == 5);
  for (std::size_t size = 0; size < example.size(); ++size) {
    CAPTURE(size);
    survives(example.substr(0, size));
  }
}

TEST_CASE("survives changed, missing, doubled and inserted bytes") {
  constexpr unsigned kSeed = 20261123;
  constexpr std::string_view kSpecial = "{}[]:,&*!|>'\"%@`#?-\\ \n\t\0\x7f\x80\xff<~=09";
  std::mt19937 random(kSeed);
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  const std::string example = dense_example();
  for (int round = 0; round < 2500; ++round) {
    std::string mutated = example;
    const std::size_t at = below(mutated.size());
    const char byte = round % 2 == 0 ? kSpecial[below(kSpecial.size())] : static_cast<char>(below(256));
    switch (round % 5) {
      case 0:
      case 1:
        mutated[at] = byte;
        break;
      case 2:
        mutated.insert(at, 1, byte);
        break;
      case 3:
        mutated.erase(at, 1 + below(20));
        break;
      default:
        mutated.insert(at, mutated.substr(at, 1 + below(200)));
    }
    CAPTURE(round, at);
    survives(mutated);
  }
}

TEST_CASE("survives a file full of one token") {
  for (const std::string_view piece :
       {"[",    "{",           "[{",     "- ",    "? ", "?\n",  "a: ",    ": ",  ":",    "- - ",
        "[a ",  "a,",          "\"",     "'",     "!",  "&",    "*",      "&a ", "|\n",  ">\n",
        "%",    "%YAML 1.2\n", "---\n",  "...\n", "\n", "\r",   "\t",     " ",   "#",    "a",
        "\xff", "\\",          "a: 1\n", "- a\n", "{}", "[]\n", "!!str ", "~: ", "<<: ", "\xEF\xBB\xBF"}) {
    CAPTURE(piece);
    survives(repeated(piece));
    survives("certificates: " + repeated(piece));
  }
}

TEST_CASE("survives deep nesting") {
  std::string blocks;
  for (std::size_t depth = 0; depth < 1400; ++depth) {
    blocks += std::string(depth, ' ') + "a:\n";
  }
  survives(blocks);
  survives("certificates: " + std::string(500'000, '[') + std::string(500'000, ']'));
}

TEST_CASE("refuses aliases that multiply") {
  SECTION("aliases of aliases") {
    std::string yaml = "a: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 30; ++i) {
      std::string list;
      for (int j = 0; j < 9; ++j) {
        list += (j == 0 ? "*a" : ", *a") + std::to_string(i - 1);
      }
      yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + list + "]\n";
    }
    const auto settings = parse(yaml);
    REQUIRE_FALSE(settings.has_value());
    CHECK_THAT(settings.error().at(0).message, ContainsSubstring("too large"));
  }
  SECTION("one large value, often") {
    std::string yaml = "certificates:\n  - &a {name: " + std::string(100'000, 'a') + "}\n";
    for (int i = 0; i < 1000; ++i) {
      yaml += "  - *a\n";
    }
    const auto settings = parse(yaml);
    REQUIRE_FALSE(settings.has_value());
    CHECK_THAT(settings.error().at(0).message, ContainsSubstring("too large"));
  }
}

}  // namespace
}  // namespace renewd::configuration
