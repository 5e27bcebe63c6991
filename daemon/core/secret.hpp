// Secrets and their sources. A Secret has no stream operator and no implicit conversion, so that it cannot reach a log
// by accident; its memory is wiped when it is freed (daemon/wiped_heap).
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/error.hpp"

namespace renewd {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes) : bytes_(bytes.begin(), bytes.end()) {}

  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }
  bool empty() const { return bytes_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::vector<char> bytes_;  // not a string, since a short one would not be on the heap
};

// Where to read a secret. It is read at each use, so that a changed secret needs no restart.
struct SecretSource {
  enum class Kind { file, credential, env, value };
  Kind kind = Kind::value;
  // A path, a systemd credential's name, or a variable's name; empty for `value`.
  std::string name;
  Secret value;  // for `value`, and for a credential after read_ahead()

  // For messages: "file /etc/…/token", "credential token", "environment variable TOKEN", "the configuration".
  std::string description() const;

  bool operator==(const SecretSource&) const = default;
};

// Removes a byte order mark at the start and one line break (LF, CRLF or CR) at the end; all other white space is part
// of the secret. Fails if it cannot be read, is empty, UTF-16 or larger than 64 KiB, or if the file is not a regular
// one (the daemon reads it several times, which a pipe does not allow). Error kind: unauthorized. Credentials are files
// in $CREDENTIALS_DIRECTORY (systemd.exec(5)) or, for commands outside of a unit, in /etc/credstore, where the unit's
// LoadCredential=NAME finds them.
Result<Secret> read_secret(const SecretSource& source);

// The same for a file that was given to a command, which may be a pipe.
struct PipeTimeout;  // core/whole_file.hpp
Result<Secret> read_given_secret(const std::string& file, const PipeTimeout& timeout);

// Outside of a unit, reads a credential as root, as systemd does for the service, so that read_secret() can return it
// after the switch to the service's user. Leaves errors to read_secret().
void read_ahead(SecretSource& source);

// Whether only the service may be able to see the secret: a variable that this process does not have, or a credential
// without a file.
bool is_out_of_sight(const SecretSource& source);

// When the contents of a file were last modified, to the microsecond; nothing if this user cannot find out.
std::optional<TimePoint> modified_at(const std::filesystem::path& file);
// When a file was last changed, or its owner or mode, to the microsecond; nothing if this user cannot find out.
std::optional<TimePoint> changed_at(const std::filesystem::path& file);
// The same for a secret; nothing if it is not a file.
std::optional<TimePoint> changed_at(const SecretSource& source);

// The files that messages about the secret mention.
std::vector<std::string> paths_of(const SecretSource& source);

}  // namespace renewd
