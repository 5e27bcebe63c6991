// A person who answers questions. They may end the conversation at any question: nothing must have been done by then.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/secret.hpp"

namespace renewd::setup {

class Person {
 public:
  virtual ~Person() = default;

  virtual void tell(std::string_view text) = 0;
  // One line, without spaces at its ends; nothing when the person ends the conversation (Ctrl-D, Ctrl-C).
  virtual std::optional<std::string> ask(std::string_view question) = 0;
  // The same, unseen by whoever looks over the shoulder, and as it was typed: a blank may be part of a password.
  virtual std::optional<Secret> ask_secret(std::string_view question) = 0;
};

// The person at the terminal of standard input; questions go to standard error, since the output may be the result.
class Terminal final : public Person {
 public:
  // Whether there is such a person.
  static bool present();

  void tell(std::string_view text) override;
  std::optional<std::string> ask(std::string_view question) override;
  std::optional<Secret> ask_secret(std::string_view question) override;
};

}  // namespace renewd::setup
