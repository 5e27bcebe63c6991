// Finds the keystores for Gravitee Cloud on this host, by its gravitee.yml files, and the units that use them.
// Read-only.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/secret.hpp"
#include "setup/configuration_writer.hpp"
#include "setup/host_files.hpp"
#include "setup/technical_api.hpp"

namespace renewd::setup {

// A keystore, and the units that use it. A value that could not be determined is empty, and its problem says why.
struct FoundKeystore {
  std::string component;  // "apim-gateway"; empty for an unknown one
  // For messages: "/etc/gravitee-gateway/gravitee.yml, cloud.connector.ws.ssl.keystore".
  std::string origin;
  std::optional<std::filesystem::path> path;
  std::string path_problem;
  std::string type;  // as in gravitee.yml, in lower case; empty when not set
  std::optional<Secret> password;
  std::string password_problem;
  std::vector<std::string> units;
  // Where the first unit logs that it is connected to the cloud; nothing when unknown.
  std::optional<LogDraft> log;
  std::string region;  // of Gravitee Cloud; empty when unknown
  TechnicalApi technical_api;
};

struct Survey {
  std::vector<FoundKeystore> keystores;
  // For the operator: unreadable files, skipped keystores. They contain no secrets and no duplicates.
  std::vector<std::string> notes;
};

// Reads the files of `from`, or by default those at the documented places and in the homes of the installed units. A
// file of `from` that cannot be used is an error; for the others, it is a note.
Result<Survey> survey(const HostFiles& files, const std::vector<std::filesystem::path>& from);

}  // namespace renewd::setup
