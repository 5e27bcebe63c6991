// What is on this host: which gravitee.yml names a keystore for Gravitee Cloud, and which units use it. Only looks.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/secret.hpp"
#include "setup/host_files.hpp"
#include "setup/technical_api.hpp"

namespace renewd::setup {

// One keystore with all that use it. What could not be found out is empty, and its problem says why.
struct FoundKeystore {
  std::string component;  // "apim-gateway"; empty when it is none that we know
  // Where it is named, for people: "/etc/gravitee-gateway/gravitee.yml, cloud.connector.ws.ssl.keystore".
  std::string origin;
  std::optional<std::filesystem::path> path;
  std::string path_problem;
  std::string type;  // as written, in small letters; empty when it is not
  std::optional<Secret> password;
  std::string password_problem;
  std::vector<std::string> units;
  TechnicalApi technical_api;
};

struct Survey {
  std::vector<FoundKeystore> keystores;
  // What a person should know: files that cannot be read, keystores that are left out. No secret in them.
  std::vector<std::string> notes;
};

// Looks at the files of `from`; without any, at the documented places and at the homes of the installed units. A file
// of `from` that cannot be used is an error, of the documented ones a note.
Result<Survey> survey(const HostFiles& files, const std::vector<std::filesystem::path>& from);

}  // namespace renewd::setup
