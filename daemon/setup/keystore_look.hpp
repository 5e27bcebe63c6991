// A look into the keystore that was found: whether the password opens it, and whose it is.
#pragma once

#include <filesystem>
#include <string>

#include "core/secret.hpp"
#include "setup/host_files.hpp"

namespace renewd::setup {

struct KeystoreLook {
  std::string account;      // its common name, when that looks like an account id
  std::string description;  // for people; empty when it could not be opened
  std::string problem;      // why not; empty when it could, and when there is no such file
  bool wrong_password = false;
};

KeystoreLook look_at_keystore(const HostFiles& files, const std::filesystem::path& path, const Secret& password);

}  // namespace renewd::setup
