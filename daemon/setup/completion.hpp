// From what was found on the host to a whole draft of the configuration: what is missing is asked for. Nothing is
// written here.
#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/filesystem.hpp"
#include "core/secret.hpp"
#include "setup/configuration_writer.hpp"
#include "setup/host_files.hpp"
#include "setup/questions.hpp"
#include "setup/survey.hpp"

namespace renewd::setup {

// What the command line says; it counts for every certificate and is not asked for.
struct Given {
  std::optional<std::string> account_url;
  std::optional<std::filesystem::path> token_file;
  std::optional<std::filesystem::path> password_file;
  // "none" is a word for no unit at all.
  std::vector<std::string> units;
};

struct SecretFile {
  std::filesystem::path path;
  Secret content;  // empty: not known, and nobody is to write it
};

struct Draft {
  std::vector<CertificateDraft> certificates;
  std::vector<SecretFile> secrets;
  // What a person should know, beyond the notes of the survey.
  std::vector<std::string> notes;

  void note(const std::string& text) {
    if (std::find(notes.begin(), notes.end(), text) == notes.end()) {
      notes.push_back(text);
    }
  }
};

// `directory` is where the configuration goes, and the files of the secrets beside it. One that exists already is used
// if it is right, and is in the way otherwise, unless `replaces` is on. With `keeps_secrets` off nobody will write the
// secrets, and none is asked for.
struct Completion {
  const HostFiles& files;
  const Filesystem& filesystem;  // that `directory` is on
  std::filesystem::path directory;
  bool keeps_secrets = true;
  bool replaces = false;
};
Answered<Draft> complete(const Completion& completion, const Survey& survey, const Given& given, Answers& answers);

}  // namespace renewd::setup
