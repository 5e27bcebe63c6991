// A person who answers questions. They may end the conversation at any of them: nothing must have been done by then.
#pragma once

#include <optional>
#include <string>

#include "core/secret.hpp"
#include "setup/questions.hpp"

namespace renewd::setup {

// Asks again until an answer is good.
class Person : public Answers {
 public:
  Answered<std::string> answer(const Question& question) final;
  Answered<Secret> secret(const SecretQuestion& question) final;
  Answered<void> refuse(std::string reason) final;

 private:
  // One line, without spaces at its ends; nothing when the person ends the conversation (Ctrl-D, Ctrl-C).
  virtual std::optional<std::string> ask(const std::string& question) = 0;
  // The same, unseen by whoever looks over the shoulder, and as it was typed: a blank may be part of a password.
  virtual std::optional<Secret> ask_secret(const std::string& question) = 0;
};

// The person at the terminal of standard input; questions go to standard error, since the output may be the result.
class Terminal final : public Person {
 public:
  // Whether there is such a person.
  static bool present();

  void tell(const std::string& text) override;

 private:
  std::optional<std::string> ask(const std::string& question) override;
  std::optional<Secret> ask_secret(const std::string& question) override;
};

}  // namespace renewd::setup
