// Completes the survey to a draft of the configuration, and asks for what is missing. Writes nothing.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/filesystem.hpp"
#include "core/secret.hpp"
#include "setup/configuration_writer.hpp"
#include "setup/host_files.hpp"
#include "setup/prompt.hpp"
#include "setup/survey.hpp"

namespace renewd::setup {

// Values from the command line. They apply to every certificate, and are not asked for.
struct GivenOptions {
  std::optional<std::string> account_url;
  std::optional<std::filesystem::path> token_file;
  std::optional<std::filesystem::path> password_file;
  // {"none"}: restart no unit.
  std::vector<std::string> units;
};

struct SecretFile {
  std::filesystem::path path;
  Secret content;  // empty: unknown, and not to be written
};

struct Draft {
  std::vector<CertificateDraft> certificates;
  std::vector<SecretFile> secrets;
  // For the operator, in addition to the notes of the survey. No duplicates.
  std::vector<std::string> notes;
};

// The secrets go into files beside the configuration. A file that exists is used if its content is right; otherwise it
// is an error, unless `overwrites`. Without `writes_secrets`, secrets are neither written nor asked for.
struct CompletionContext {
  const HostFiles& files;
  const Filesystem& filesystem;     // of `directory`
  std::filesystem::path directory;  // of the configuration
  bool writes_secrets = true;
  bool overwrites = false;
};
Answered<Draft> complete(const CompletionContext& context, const Survey& survey, const GivenOptions& given,
                         Prompt& prompt);

}  // namespace renewd::setup
