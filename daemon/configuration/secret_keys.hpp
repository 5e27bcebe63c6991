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
         "A regular file that contains only the secret and that only the daemon's user can read.", kOneOfThese},
        {"credential", Text{&credential, TextKind::credential}, "account-token",
         "The name of a systemd credential: `LoadCredential=NAME:PATH` in the unit, or a file in `/etc/credstore`.",
         kOneOfThese},
        {"env", Text{&env, TextKind::variable}, "ACCOUNT_TOKEN", "A variable of the daemon's environment.",
         kOneOfThese},
        {"value", Text{&value, TextKind::secret}, "\"the secret itself\"",
         "The secret itself, for a first try: everyone who can read this file can read the secret. Quote a value that "
         "looks like a number.",
         kOneOfThese},
    };
  }
};

}  // namespace renewd::configuration
