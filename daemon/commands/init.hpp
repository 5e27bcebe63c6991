// `init`: writes a first configuration from the gravitee.yml files and units of this host, the options, and the answers
// of a person at the terminal.
#pragma once

#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "setup/questions.hpp"

namespace renewd::commands {

struct InitOptions {
  std::vector<std::filesystem::path> from;
  // "-" for standard output, which writes no secrets; otherwise their files go beside this one.
  std::filesystem::path output;
  bool force = false;
  std::optional<std::string> account_url;
  std::optional<std::filesystem::path> token_file;
  std::optional<std::filesystem::path> password_file;
  std::vector<std::string> units;
  // Where to look for the host's files; the output is not below it. For tests.
  std::filesystem::path root = "/";
};

// Exit status: 0 everything is written, 1 writing failed or the person at the terminal cancelled, 2 something is
// missing or wrong, or a file exists. Writes nothing unless it is 0. Reports on `out` what was written and what to do
// next; with output "-", `out` gets the configuration and `errors` the rest.
int init(const InitOptions& options, std::ostream& out, std::ostream& errors);

// For tests: with given answers.
int init(const InitOptions& options, setup::Answers& answers, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
