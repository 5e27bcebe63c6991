// Questions at a terminal. The user may end the dialogue at any of them, so nothing may be written before the last one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/secret.hpp"
#include "setup/prompt.hpp"

namespace renewd::setup {

// Repeats a question until the answer is valid.
class InteractivePrompt : public Prompt {
 public:
  Answered<std::string> ask(const Question<std::string>& question) final;
  Answered<Secret> ask_secret(const Question<Secret>& question) final;
  Answered<void> reject(std::string reason) final;

 private:
  // One line, trimmed; nothing when the user ends the dialogue (Ctrl-D, Ctrl-C).
  virtual std::optional<std::string> read_answer(const std::string& question) = 0;
  // The same without echo, and not trimmed: a password may contain blanks.
  virtual std::optional<Secret> read_secret(const std::string& question) = 0;
};

// Reads standard input; questions go to standard error, because standard output may be the configuration.
class TerminalPrompt final : public InteractivePrompt {
 public:
  // `fit` breaks the lines of a text for the terminal.
  explicit TerminalPrompt(std::function<std::string(std::string_view)> fit) : fit_(std::move(fit)) {}

  // Whether both are a terminal.
  static bool is_available();

  void show(const std::string& text) override;

 private:
  std::optional<std::string> read_answer(const std::string& question) override;
  std::optional<Secret> read_secret(const std::string& question) override;

  std::function<std::string(std::string_view)> fit_;
};

}  // namespace renewd::setup
