// What the survey could not find, as questions, and where the answers come from: a terminal (terminal_prompt.hpp), or
// without one only the options of the command line.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "core/add_once.hpp"
#include "core/secret.hpp"

namespace renewd::setup {

// A valid value, or the end of a sentence that starts with "It".
template <typename T>
using Validated = tl::expected<T, std::string>;

template <typename T>
struct Question {
  std::string text;
  T suggestion;  // for an empty line, unless it is a secret; and without a terminal
  std::function<Validated<T>(const T&)> validate;
  // Without a terminal: what is missing, and which option provides it. Empty: the suggestion is used.
  std::string missing;
};

// Why there is no configuration.
struct Incomplete {
  std::string summary;
  // Each missing or wrong value, with what to do about it; empty when the user ended the dialogue.
  std::vector<std::string> reasons;

  bool aborted() const { return reasons.empty(); }
};

template <typename T>
using Answered = tl::expected<T, Incomplete>;

class Prompt {
 public:
  virtual ~Prompt() = default;

  // Information for the next question.
  virtual void show(const std::string& text) = 0;
  virtual Answered<std::string> ask(const Question<std::string>& question) = 0;
  virtual Answered<Secret> ask_secret(const Question<Secret>& question) = 0;
  // Reports a problem that no answer can solve: at a terminal, the dialogue ends here.
  virtual Answered<void> reject(std::string reason) = 0;
  // An error if anything has been missing or rejected so far.
  virtual Answered<void> check_complete() const { return {}; }
};

// Without a terminal: collects everything that is missing, to report it at once.
class NonInteractivePrompt final : public Prompt {
 public:
  void show(const std::string&) override {}
  Answered<std::string> ask(const Question<std::string>& question) override { return suggestion_of(question); }
  Answered<Secret> ask_secret(const Question<Secret>& question) override { return suggestion_of(question); }
  Answered<void> reject(std::string reason) override;
  Answered<void> check_complete() const override;

 private:
  template <typename T>
  T suggestion_of(const Question<T>& question) {
    if (!question.missing.empty()) {
      add_once(reasons_, question.missing);
    }
    return question.suggestion;
  }

  std::vector<std::string> reasons_;
};

// Validation of answers and options.
Validated<std::string> absolute_path(const std::string& text);
// The absolute path of a file that the daemon will read again and again. It may not exist yet, but must not be a pipe,
// or belong to this process only, like /dev/stdin.
Validated<std::string> permanent_file(const std::string& text);
Validated<std::string> full_unit_name(const std::string& text);

}  // namespace renewd::setup
