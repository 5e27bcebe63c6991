// Secrets: where one comes from (as configured) and its bytes, wiped when the object dies. A Secret has no stream
// operator and no implicit conversion, so that it cannot reach a log by accident.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace renewd {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes) : bytes_(bytes.begin(), bytes.end()) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept = default;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  // Valid as long as this object lives and is not assigned to.
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }
  bool empty() const { return bytes_.empty(); }

 private:
  void wipe();
  // A vector, not a string: a moved-from vector gives its buffer away, a short string would leave a copy behind.
  std::vector<char> bytes_;
};

// Where to read a secret. It is read anew at each use, so that rotating one needs no restart.
struct SecretSource {
  enum class Kind { file, credential, env, value };
  Kind kind = Kind::value;
  // A path, a systemd credential's name, or a variable's name; empty for `value`.
  std::string name;
  // For `value`; and of a credential what root has read ahead (read_ahead), before it became the service's user.
  Secret value;

  // For messages: "file /etc/…/token", "credential token", "environment variable TOKEN", "the configuration".
  std::string description() const;
};

// The secret, without the byte order mark that editors on Windows put before it, and without one line break (LF, CRLF
// or CR) at its end; every other blank belongs to it. Fails when it cannot be read, is empty, UTF-16, larger than
// 64 KiB, or in a file that is not a regular one: the daemon reads it again, and nobody writes into a pipe twice. The
// kind is `unauthorized`, since whatever needed the secret cannot prove who it is. Credentials are looked for in
// $CREDENTIALS_DIRECTORY (systemd.exec(5)); outside of a unit, for commands by hand, in /etc/credstore, where the
// unit's LoadCredential=NAME takes them from.
Result<Secret> read_secret(const SecretSource& source);

// The same of a file that a command has been given, which may be a pipe.
struct PipePatience;  // core/whole_file.hpp
Result<Secret> read_given_secret(const std::string& file, const PipePatience& patience);

// Reads a credential that is there for root alone outside of a unit, as systemd does it for the service, so that
// read_secret() has it from here on. What cannot be read is left to read_secret() to report.
void read_ahead(SecretSource& source);

// For whoever is not the service: whether the secret may be there for the service alone, so that nothing can be told of
// it. A variable that this process lacks, or a credential of which there is no file here.
bool is_out_of_sight(const SecretSource& source);

// The files that messages about the secret name.
std::vector<std::string> paths_of(const SecretSource& source);

}  // namespace renewd
