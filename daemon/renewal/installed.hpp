// The installed keystore, as read at one moment.
#pragma once

#include <string>
#include <vector>

#include "certificate/keystore.hpp"
#include "configuration/settings.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"
#include "core/secret.hpp"

namespace renewd::renewal {

struct Installed {
  std::string bytes;
  certificate::Keystore keystore;
  Secret password;  // empty when none is configured
};

// Reads and opens the installed keystore. The error's message tells a wrong password from a damaged file, and a file of
// another type than configured is an error, too. Error kind: disk.
Result<Installed> read_installed(const Filesystem& filesystem, const configuration::KeystoreSettings& settings);

// The same for the bytes of a kept generation.
Result<Installed> open_installed(std::string bytes, const configuration::KeystoreSettings& settings);

// The certificates of keystore.ca_file; none where none is configured. Error kind: disk.
Result<std::vector<certificate::Certificate>> read_trusted(const Filesystem& filesystem,
                                                           const configuration::KeystoreSettings& settings);

}  // namespace renewd::renewal
