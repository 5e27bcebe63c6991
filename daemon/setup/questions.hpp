// What the survey left open, as questions, and whoever answers them: a person (person.hpp), or nobody but the options
// of the command line.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "core/secret.hpp"

namespace renewd::setup {

// An answer as it is used, or the end of a sentence that begins with "It".
template <typename T>
using Checked = tl::expected<T, std::string>;

struct Question {
  std::string text;
  std::string suggestion;  // what an empty line stands for
  std::function<Checked<std::string>(const std::string&)> check;
  // Where nobody can be asked: what is missing, and the option that gives it. Empty: the suggestion counts then.
  std::string missing;
};

struct SecretQuestion {
  std::string text;
  std::function<Checked<Secret>(Secret)> check;
  std::string missing;  // as above
  Secret otherwise;     // what counts where nobody can be asked and nothing is missing
};

// Why there will be no configuration.
struct Incomplete {
  std::string why;
  // What is missing or wrong, each with what to do about it; none when the person ended the conversation.
  std::vector<std::string> reasons;

  bool aborted() const { return reasons.empty(); }
};

template <typename T>
using Answered = tl::expected<T, Incomplete>;

class Answers {
 public:
  virtual ~Answers() = default;

  // For a person to know before the next question.
  virtual void tell(const std::string& text) = 0;
  virtual Answered<std::string> answer(const Question& question) = 0;
  virtual Answered<Secret> secret(const SecretQuestion& question) = 0;
  // Something is wrong that no answer puts right. A person need not answer anything more.
  virtual Answered<void> refuse(std::string reason) = 0;
  // Whether nothing was missing or wrong until now.
  virtual Answered<void> settled() const { return {}; }
};

// Nobody is there: the questions go on, so that all that is missing is told at once.
class NoAnswers final : public Answers {
 public:
  void tell(const std::string&) override {}
  Answered<std::string> answer(const Question& question) override;
  Answered<Secret> secret(const SecretQuestion& question) override;
  Answered<void> refuse(std::string reason) override;
  Answered<void> settled() const override;

 private:
  std::vector<std::string> reasons_;
};

// Checks of answers, and of options.
Checked<std::string> absolute_path(const std::string& text);
// The absolute path of a file for a configuration, which is read again and again: there may be none yet, but no pipe,
// and nothing of this process alone, such as /dev/stdin.
Checked<std::string> lasting_file(const std::string& text);
Checked<std::string> full_unit_name(const std::string& text);
Checked<std::string> certificate_name(const std::string& text);

}  // namespace renewd::setup
