#include "monitoring/command_in_text.hpp"

#include <algorithm>
#include <array>

namespace renewd::monitoring {
namespace {

constexpr std::string_view kEnd = " \n";

struct Word {
  std::string_view text;        // without the punctuation of the sentence
  std::string_view terminator;  // that punctuation: it ends the command
};

enum class Colon { punctuation, part };  // of "chown USER: FILE"

Word word_at(std::string_view text, Colon colon = Colon::punctuation) {
  std::size_t length = std::min(text.find_first_of(kEnd), text.size());
  if (text.starts_with('\'')) {
    const auto quote = text.find('\'', 1);
    length = quote == std::string_view::npos ? length : std::min(text.find_first_of(kEnd, quote), text.size());
  }
  const std::string_view whole = text.substr(0, length);
  const auto last = whole.find_last_not_of(colon == Colon::part ? ",;.)\"" : ",;.)\":");
  const std::string_view word = whole.substr(0, last == std::string_view::npos ? 0 : last + 1);
  return {word, whole.substr(word.size())};
}

constexpr std::array<std::string_view, 9> kPrograms{
    "gravitee-renewd", "systemctl", "journalctl", "timedatectl", "chown", "chmod", "setfacl", "df", "dmesg"};

constexpr std::array<std::string_view, 11> kOwnVerbs{"run",     "renew", "status",   "check",    "plan", "validate",
                                                     "inspect", "init",  "activate", "rollback", "fleet"};

template <typename Words>
bool has(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool needs_verb(std::string_view program) {
  return has(std::array{"gravitee-renewd", "systemctl", "chown", "chmod"}, program);
}

bool is_verb(std::string_view word, std::string_view program) {
  return program != "gravitee-renewd" || has(kOwnVerbs, word);
}

bool is_operand(std::string_view word, std::string_view before, std::string_view certificate) {
  const auto is_placeholder = [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; };
  return word == certificate || has(std::array{"-u", "--user", "fleet"}, before) || word.starts_with('\'') ||
         word.find_first_of("-/@=.:+0123456789") != std::string_view::npos ||
         std::all_of(word.begin(), word.end(), is_placeholder);
}

// The length of one command, and whether punctuation ends it.
struct Command {
  std::size_t length = 0;
  bool ended = true;
};

Command one_command(std::string_view text, std::string_view certificate) {
  const Word program = word_at(text);
  if (!has(kPrograms, program.text)) {
    return {};
  }
  Command command{program.text.size(), !program.terminator.empty()};
  std::string_view before = program.text;
  bool complete = !needs_verb(program.text);
  while (!command.ended && command.length < text.size()) {
    const bool is_owner = !complete && program.text == "chown";
    const Word word = word_at(text.substr(command.length + 1), is_owner ? Colon::part : Colon::punctuation);
    const bool belongs = complete ? is_operand(word.text, before, certificate) : is_verb(word.text, program.text);
    if (word.text.empty() || word.text == "&&" || !belongs) {
      break;
    }
    command = {command.length + 1 + word.text.size(), !word.terminator.empty()};
    before = word.text;
    complete = true;
  }
  return complete ? command : Command{};
}

}  // namespace

std::size_t command_length(std::string_view text, std::string_view certificate) {
  constexpr std::string_view kAnd = " && ";
  Command all = one_command(text, certificate);
  while (all.length != 0 && !all.ended && text.substr(all.length).starts_with(kAnd)) {
    const std::size_t begin = all.length + kAnd.size();
    const Command next = one_command(text.substr(begin), certificate);
    if (next.length == 0) {
      break;
    }
    all = {begin + next.length, next.ended};
  }
  return all.length;
}

}  // namespace renewd::monitoring
