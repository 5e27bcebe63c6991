// A draft of our own configuration as the commented YAML file that an operator keeps. What is written is what the
// loader accepts.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace renewd::setup {

struct HealthDraft {
  std::string url;
  std::string username;  // empty: no authentication
  std::filesystem::path password_file;
  // Why it is commented out; empty when it is active.
  std::string problem;
};

struct CertificateDraft {
  std::string name;
  std::string account_url;
  std::filesystem::path token_file;
  std::filesystem::path keystore;
  std::string keystore_origin;  // for people; empty without a gravitee.yml
  std::string keystore_type;    // as gravitee.yml says it; may be empty
  std::optional<std::filesystem::path> password_file;
  std::vector<std::string> units;  // none: nothing is restarted
  HealthDraft health;
};

// The text of the file. Fails when a path or a name cannot stand in a YAML file, or should the loader refuse the
// result.
Result<std::string> write_configuration(const std::vector<CertificateDraft>& certificates);

// A YAML scalar that reads as this text, in block and in flow context; nothing for text that is not UTF-8.
std::optional<std::string> yaml_scalar(std::string_view text);

}  // namespace renewd::setup
