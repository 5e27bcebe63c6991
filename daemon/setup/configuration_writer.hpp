// Writes a draft of the configuration as a commented YAML file, which the loader is sure to accept.
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
  // Why the health check is commented out; empty when it is active.
  std::string problem;
};

// Where a unit logs that it is connected to the cloud.
struct LogDraft {
  std::string unit;
  std::filesystem::path file;  // empty: the journal
};

struct CertificateDraft {
  std::string name;
  std::string account_url;
  std::filesystem::path token_file;
  std::filesystem::path keystore;
  std::string keystore_origin;  // for a comment; empty without a gravitee.yml
  std::string keystore_type;    // from gravitee.yml; may be empty
  std::optional<std::filesystem::path> password_file;
  std::vector<std::string> units;  // empty: nothing is restarted
  HealthDraft health;
  std::optional<LogDraft> log;  // nothing: commented out
};

// The text of the file. Fails when a path or a name is not valid in YAML, or when the loader refuses the result.
Result<std::string> write_configuration(const std::vector<CertificateDraft>& certificates);

// A YAML scalar for this text, for block and flow context; nothing for text that is not UTF-8.
std::optional<std::string> yaml_scalar(std::string_view text);

}  // namespace renewd::setup
