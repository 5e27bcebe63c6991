#include "core/secret.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace renewd {
namespace {

constexpr std::size_t kSecretLimit = 64 * 1024;
// Where LoadCredential=NAME looks first (systemd.exec(5)).
constexpr auto kCredentialStore = "/etc/credstore/";

Result<Secret> read_file(const std::string& path, const std::string& doing) {
  // O_NONBLOCK: a fifo in place of the file must not hang the daemon.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) {
    return system_failure(ErrorKind::unauthorized, doing, errno);
  }
  // One buffer of the largest size, so that no reallocation leaves a copy of the secret behind.
  std::vector<char> buffer(kSecretLimit + 1);
  std::size_t size = 0;
  int error = 0;
  while (size < buffer.size()) {
    const ssize_t n = ::read(fd, buffer.data() + size, buffer.size() - size);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      error = n < 0 ? errno : 0;
      break;
    }
    size += static_cast<std::size_t>(n);
  }
  ::close(fd);
  Secret secret(std::string_view(buffer.data(), size));
  ::explicit_bzero(buffer.data(), buffer.size());
  if (error != 0) {
    return system_failure(ErrorKind::unauthorized, doing, error);
  }
  if (size > kSecretLimit) {
    return failure(ErrorKind::unauthorized, doing + ": larger than 64 KiB, which no secret is");
  }
  return secret;
}

std::string_view without_line_break(std::string_view text) {
  if (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  return text;
}

// What a unit has loaded; outside of one, what it would load.
std::string file_of_credential(const std::string& name) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory == nullptr ? kCredentialStore + name : std::string(directory) + "/" + name;
}

Result<Secret> read_raw(const SecretSource& source, const std::string& doing) {
  switch (source.kind) {
    case SecretSource::Kind::file:
      return read_file(source.name, doing);
    case SecretSource::Kind::credential: {
      if (!source.value.empty()) {
        return source.value;
      }
      const std::string stored = kCredentialStore + source.name;
      const std::string file = file_of_credential(source.name);
      if (file == stored) {
        return read_file(stored, doing + ", outside of a unit (CREDENTIALS_DIRECTORY is not set): " + stored);
      }
      return read_file(
          file, fmt::format("{} (LoadCredential={} in the unit takes it from {} when the service starts): {}", doing,
                            source.name, stored, file));
    }
    case SecretSource::Kind::env: {
      const char* value = std::getenv(source.name.c_str());
      if (value == nullptr) {
        return failure(ErrorKind::unauthorized, doing + ": the variable is not set");
      }
      return Secret(value);
    }
    case SecretSource::Kind::value:
      return source.value;
  }
  return failure(ErrorKind::unauthorized, doing + ": unknown kind of secret");
}

}  // namespace

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    bytes_ = other.bytes_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
  }
  return *this;
}

void Secret::wipe() {
  if (!bytes_.empty()) {
    ::explicit_bzero(bytes_.data(), bytes_.size());
  }
}

std::string SecretSource::description() const {
  switch (kind) {
    case Kind::file:
      return "file " + name;
    case Kind::credential:
      return "credential " + name;
    case Kind::env:
      return "environment variable " + name;
    case Kind::value:
      return "the configuration";
  }
  return "unknown";
}

void read_ahead(SecretSource& source) {
  if (source.kind != SecretSource::Kind::credential || std::getenv("CREDENTIALS_DIRECTORY") != nullptr) {
    return;
  }
  if (auto secret = read_secret(source)) {
    source.value = std::move(*secret);
  }
}

bool is_out_of_sight(const SecretSource& source) {
  switch (source.kind) {
    case SecretSource::Kind::credential:
      return source.value.empty() && ::access(file_of_credential(source.name).c_str(), F_OK) != 0;
    case SecretSource::Kind::env:
      return std::getenv(source.name.c_str()) == nullptr;
    case SecretSource::Kind::file:
    case SecretSource::Kind::value:
      return false;
  }
  return false;
}

std::vector<std::string> paths_of(const SecretSource& source) {
  switch (source.kind) {
    case SecretSource::Kind::file:
      return {source.name};
    case SecretSource::Kind::credential:
      return {file_of_credential(source.name), kCredentialStore + source.name};
    case SecretSource::Kind::env:
    case SecretSource::Kind::value:
      return {};
  }
  return {};
}

Result<Secret> read_secret(const SecretSource& source) {
  const std::string doing = "reading a secret from " + source.description();
  auto raw = read_raw(source, doing);
  if (!raw) {
    return raw;
  }
  Secret secret(without_line_break(raw->view()));
  if (secret.empty()) {
    return failure(ErrorKind::unauthorized, doing + ": it is empty");
  }
  return secret;
}

}  // namespace renewd
