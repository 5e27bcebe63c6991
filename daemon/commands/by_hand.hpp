// `activate NAME` and `rollback NAME`: repeat the gateway step, or restore the previous keystore, by hand.
#pragma once

#include <filesystem>
#include <optional>
#include <ostream>
#include <string>

namespace renewd::commands {

struct ByHandOptions {
  std::filesystem::path configuration;
  std::string name;
  // For rollback: this generation instead of the newest previous one; or only list the generations.
  std::optional<int> generation = std::nullopt;
  bool list = false;
};

// Exit status of the process: 0, 1 when the gateway does not come up, 2 for a wrong configuration or name.
int activate(const ByHandOptions& options, std::ostream& out, std::ostream& errors);
int rollback(const ByHandOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
