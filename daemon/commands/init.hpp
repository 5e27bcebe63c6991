// `init`: a first configuration, filled in from the gravitee.yml files and units of this host, and from what a person
// at the terminal or the command line adds.
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
  // "-" for standard output; the files of the secrets go beside it, and without it nowhere.
  std::filesystem::path output;
  bool force = false;
  std::optional<std::string> account_url;
  std::optional<std::filesystem::path> token_file;
  std::optional<std::filesystem::path> password_file;
  std::vector<std::string> units;
  // The root of the host that is looked at; the output is not under it. For tests.
  std::filesystem::path root = "/";
};

// Exit status 0 when everything is written, 1 when the disk refused or the person at the terminal ended the
// conversation, 2 when something is missing or wrong, or a file exists. Unless it is 0, nothing is written. What was
// written, and what to do next, goes to `out`; with output "-" the configuration does, and the rest to `errors`.
int init(const InitOptions& options, std::ostream& out, std::ostream& errors);

// The same with answers of another than the person at the terminal.
int init(const InitOptions& options, setup::Answers& answers, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
