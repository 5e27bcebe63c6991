#include "core/secret.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>

#include "core/advice.hpp"
#include "core/whole_file.hpp"

namespace renewd {
namespace {

constexpr std::size_t kSecretLimit = std::size_t{64} * 1024;
// The first place in which LoadCredential=NAME searches (systemd.exec(5)).
constexpr auto kCredentialStore = "/etc/credstore/";

Result<Secret> read_file(const std::string& path, const std::string& doing, const PipeTimeout* timeout = nullptr) {
  return read_whole(path, kSecretLimit, timeout).map_error([&](const Error& error) {
    const auto denial = explain_denial(path, Sharing::none);
    const std::string why = denial && !denial->message.empty() ? fmt::format(" ({})", denial->message) : "";
    return with_advice({ErrorKind::unauthorized, fmt::format("{}: {}{}", doing, error.message, why)},
                       denial ? denial->advice : error.advice);
  });
}

// Byte order marks, which editors on Windows write.
constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";
constexpr std::string_view kUtf16Mark = "\xff\xfe";
constexpr std::string_view kUtf16MarkBigEndian = "\xfe\xff";

std::string_view without_line_break(std::string_view text) {
  if (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  return text;
}

Result<Secret> without_marks(const Secret& raw, const std::string& doing) {
  std::string_view text = raw.view();
  if (text.starts_with(kUtf16Mark) || text.starts_with(kUtf16MarkBigEndian)) {
    return failure(ErrorKind::unauthorized, doing + ": it is UTF-16, as some Windows editors save it; save it as UTF-8",
                   "save the file again, as UTF-8");
  }
  if (text.starts_with(kUtf8Mark)) {
    text.remove_prefix(kUtf8Mark.size());
  }
  text = without_line_break(text);
  if (text.empty()) {
    return failure(ErrorKind::unauthorized, doing + ": it is empty", "write the secret into it");
  }
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return failure(
        ErrorKind::unauthorized,
        fmt::format("{}: byte {} is NUL: it is not text, or it is UTF-16 (save it as UTF-8)", doing, nul + 1),
        "save the file again, as UTF-8 text");
  }
  return Secret(text);
}

// In a unit, the loaded file; outside, the file that the unit would load.
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
      return read_file(file,
                       fmt::format("{} (LoadCredential={} in the unit takes it from {} when the service starts): {}",
                                   doing, source.name, stored, file))
          .map_error([&stored](Error error) {
            error.advice = fmt::format(
                "store it in {}, readable by root alone, then run systemctl restart "
                "gravitee-renewd, which reads it",
                stored);
            return error;
          });
    }
    case SecretSource::Kind::env: {
      const char* value = std::getenv(source.name.c_str());
      if (value == nullptr) {
        return failure(ErrorKind::unauthorized, doing + ": the variable is not set",
                       "set it in the service's unit with EnvironmentFile=, then restart the service");
      }
      return Secret(value);
    }
    case SecretSource::Kind::value:
      return source.value;
  }
  return failure(ErrorKind::unauthorized, doing + ": unknown kind of secret");
}

}  // namespace

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
  // Unchanged: read_secret() removes marks and line breaks.
  if (auto secret = read_raw(source, source.description())) {
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

std::optional<TimePoint> changed_at(const SecretSource& source) {
  return source.kind == SecretSource::Kind::file ? changed_at(std::filesystem::path(source.name)) : std::nullopt;
}

namespace {

TimePoint to_time_point(const timespec& time) {
  return TimePoint(std::chrono::seconds(time.tv_sec) +
                   std::chrono::floor<std::chrono::microseconds>(std::chrono::nanoseconds(time.tv_nsec)));
}

}  // namespace

std::optional<TimePoint> modified_at(const std::filesystem::path& file) {
  struct stat status{};
  return ::stat(file.c_str(), &status) == 0 ? std::optional(to_time_point(status.st_mtim)) : std::nullopt;
}

std::optional<TimePoint> changed_at(const std::filesystem::path& file) {
  struct stat status{};
  return ::stat(file.c_str(), &status) == 0 ? std::optional(to_time_point(status.st_ctim)) : std::nullopt;
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
  return read_raw(source, doing).and_then([&doing](const Secret& raw) { return without_marks(raw, doing); });
}

Result<Secret> read_given_secret(const std::string& file, const PipeTimeout& timeout) {
  const std::string doing = "reading a secret from file " + file;
  return read_file(file, doing, &timeout).and_then([&doing](const Secret& raw) { return without_marks(raw, doing); });
}

}  // namespace renewd
