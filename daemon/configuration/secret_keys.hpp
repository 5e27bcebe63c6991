// The keys of a secret.
#pragma once

#include <filesystem>
#include <string>

#include "configuration/keys.hpp"

namespace renewd::configuration {

struct SecretKeys {
  std::filesystem::path file;
  std::string credential;
  std::string env;
  std::string value;

  Keys keys() {
    return {
        {"file", AbsolutePath(file), "/etc/gravitee-renewd/account-token",
         "A regular file that holds the secret alone and that the daemon's user alone may read.", kOneOfThese},
        {"credential", Text{&credential, TextKind::credential}, "account-token",
         "The name of a systemd credential: `LoadCredential=NAME:PATH` in the unit, or a file in `/etc/credstore`.",
         kOneOfThese},
        {"env", Text{&env, TextKind::variable}, "ACCOUNT_TOKEN", "A variable of the daemon's environment.",
         kOneOfThese},
        {"value", Text{&value, TextKind::secret}, "\"the secret itself\"",
         "The secret itself, for trying things out: whoever reads the file knows it. Quote what looks like a number.",
         kOneOfThese},
    };
  }
};

}  // namespace renewd::configuration
