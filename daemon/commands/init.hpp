// `init`: writes a first configuration from the gravitee.yml files and units of this host, the options, and answers at
// the terminal.
#pragma once

#include <cstddef>
#include <filesystem>
#include <ostream>
#include <vector>

#include "setup/completion.hpp"

namespace renewd::commands {

struct InitOptions : setup::GivenOptions {
  std::vector<std::filesystem::path> from;
  // "-" for standard output. The secrets go into files beside it, unless it is standard output.
  std::filesystem::path output;
  bool force = false;
  std::size_t width = 0;  // of the terminal; 0: lines are not broken
  // The root of the surveyed host, but not of the output. For tests.
  std::filesystem::path root = "/";
};

// Exit status 0 when everything is written, 1 when writing failed or the user ended the dialogue, 2 when a value is
// missing or wrong, or a file exists. Unless it is 0, nothing is written. `out` gets the list of written files and the
// next steps; with output "-", it gets the configuration, and `errors` the next steps.
int init(const InitOptions& options, std::ostream& out, std::ostream& errors);

// The same with another prompt than the terminal.
int init(const InitOptions& options, setup::Prompt& prompt, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
