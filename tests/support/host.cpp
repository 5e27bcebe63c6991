#include "support/host.hpp"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include <boost/json.hpp>

#include "support/catch.hpp"

namespace renewd::testing {
namespace {

std::vector<std::string> simulator_flags(const std::filesystem::path& keystore, Target target,
                                         const std::vector<std::string>& flags) {
  std::vector<std::string> all = {"--initial-keystore", keystore.string(), "--initial-format",
                                  target == Target::pem ? "pem" : "pkcs12"};
  if (std::find(flags.begin(), flags.end(), "--key") == flags.end()) {
    all.insert(all.end(), {"--key", "ec:P-256"});
  }
  all.insert(all.end(), flags.begin(), flags.end());
  return all;
}

// Of this build, unless the environment names another one.
std::string daemon_binary() {
  const char* other = std::getenv("RENEWD_TESTED_BINARY");
  return other == nullptr ? RENEWD_BINARY : other;
}

std::string in_braces(const std::vector<std::string>& entries) {
  std::string text;
  for (const auto& entry : entries) {
    text += (text.empty() ? "" : ", ") + entry;
  }
  return "{" + text + "}";
}

// An owner, a mode and a time that no program would come to by itself.
void make_distinctive(const std::filesystem::path& file) {
  if (::geteuid() == 0 && ::chown(file.c_str(), 1234, 2345) != 0) {
    throw std::runtime_error("chown " + file.string());
  }
  const timespec past{1'600'000'000, 123'000'000};
  const timespec times[2] = {past, past};
  if (::chmod(file.c_str(), 0640) != 0 || ::utimensat(AT_FDCWD, file.c_str(), times, 0) != 0) {
    throw std::runtime_error("chmod " + file.string());
  }
}

std::string raw_acl(const std::filesystem::path& file) {
  std::array<char, 1024> value{};
  const ssize_t size = ::getxattr(file.c_str(), "system.posix_acl_access", value.data(), value.size());
  return size > 0 ? std::string(value.data(), static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

Snapshot snapshot(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) {
    throw std::runtime_error("stat " + file.string());
  }
  return {read_file(file),
          status.st_ino,
          status.st_uid,
          status.st_gid,
          status.st_mode,
          raw_acl(file),
          std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec)};
}

Events parse_events(const std::string& errors) {
  Events events;
  std::istringstream lines(errors);
  for (std::string line; std::getline(lines, line);) {
    boost::system::error_code error;
    const auto value = boost::json::parse(line, error);
    if (error || !value.is_object()) {
      throw std::runtime_error("not an event: " + line);
    }
    for (const char* name : {"time", "level", "event", "message"}) {
      if (!value.as_object().contains(name)) {
        throw std::runtime_error("an event without " + std::string(name) + ": " + line);
      }
    }
    events.push_back(value.as_object());
  }
  return events;
}

std::optional<boost::json::object> find_event(const Events& events, std::string_view name) {
  for (const auto& event : events) {
    if (field(event, "event") == name) {
      return event;
    }
  }
  return std::nullopt;
}

std::string field(const boost::json::object& event, std::string_view name) {
  const auto* value = event.if_contains(name);
  if (value == nullptr) {
    return {};
  }
  return value->is_string() ? std::string(value->as_string()) : boost::json::serialize(*value);
}

const std::vector<std::string_view>& secrets() {
  // Then as base64 has them: after a user name of five letters ("proxy:"), the proxy's is the same in its header.
  static const std::vector<std::string_view> kSecrets{kAccountToken,
                                                      kKeystorePassword,
                                                      kProxyPassword,
                                                      "cGFzc3dvcmQtNnRSdjEtb2YtdGhlLXByb3h5",
                                                      "cGFzc3dvcmQtOG1XeDItb2YtdGhlLWtleXN0b3Jl",
                                                      "dG9rZW4tNGtRejctb2YtdGhlLWFjY291bnQ"};
  return kSecrets;
}

std::string_view secret_in(const std::string& text) {
  const auto found =
      std::ranges::find_if(secrets(), [&](std::string_view secret) { return text.find(secret) != std::string::npos; });
  return found == secrets().end() ? std::string_view() : *found;
}

void check_no_secret(const std::string& text) {
  INFO("looking for a secret in:\n" << text);
  CHECK(secret_in(text).empty());
}

Host::Host(const std::vector<std::string>& flags, Target target)
    : keystore_(directory_ / (target == Target::pem ? "keystore.pem" : "keystore.p12")),
      cloud_(std::make_shared<Simulator>(simulator_flags(keystore_, target, flags))) {
  make_distinctive(keystore_);
  write_secrets();
  configure();
}

Host::Host(const Host& original)
    : keystore_(directory_ / original.keystore_.filename().string()), cloud_(original.cloud_) {
  std::vector<std::string> argv = {"cp", "--archive", original.keystore_.string()};
  if (std::filesystem::exists(original / "state")) {
    argv.push_back((original / "state").string());
  }
  argv.push_back(directory_.path().string());
  run_or_throw(argv);
  write_secrets();
  configure();
}

void Host::write_secrets() {
  for (const auto& [name, secret] :
       {std::pair("token", kAccountToken), {"password", kKeystorePassword}, {"proxy-password", kProxyPassword}}) {
    write_file(directory_ / name, std::string(secret) + "\n");
    std::filesystem::permissions(directory_ / name, std::filesystem::perms(0600));
  }
}

std::string Host::certificate_yaml(const std::string& name, const std::string& account_url, const Extra& extra) const {
  std::vector<std::string> keystore = {"path: " + keystore_.string(),
                                       "password: {file: " + (directory_ / "password").string() + "}"};
  keystore.insert(keystore.end(), extra.keystore.begin(), extra.keystore.end());
  std::string text = "  - name: " + name + "\n    account_url: " + account_url +
                     "\n    token: {file: " + (directory_ / "token").string() +
                     "}\n    keystore: " + in_braces(keystore) + "\n";
  const auto sets_gateway = [](const std::string& line) { return line.starts_with("gateway:"); };
  if (std::none_of(extra.certificate.begin(), extra.certificate.end(), sets_gateway)) {
    text += "    gateway: {command: {argv: [/bin/sh, -c, \"echo restarted >> " + (directory_ / "restarts").string() +
            "\"]}}\n";
  }
  for (const auto& line : extra.certificate) {
    text += "    " + line + "\n";
  }
  return text;
}

void Host::write_configuration(const std::string& certificates, const Extra& extra) {
  std::vector<std::string> http = extra.http;
  const auto sets_ca = [](const std::string& line) { return line.starts_with("ca_file:"); };
  if (std::none_of(http.begin(), http.end(), sets_ca)) {
    http.push_back("ca_file: " + cloud_->ca_file().string());
  }
  write_file(configuration(), "certificates:\n" + certificates + "http: " + in_braces(http) +
                                  "\nstate_directory: " + (directory_ / "state").string() + "\nlog: {format: json}\n");
}

void Host::configure(const Extra& extra) {
  write_configuration(certificate_yaml("production", cloud_->account_url(), extra), extra);
}

CommandResult Host::renew(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = renew_command();
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  CommandResult result = run(argv);
  check_no_secret(result.output + result.errors);
  return result;
}

std::vector<std::string> Host::daemon_command() const {
  return {daemon_binary(), "--config", configuration().string(), "run"};
}

std::vector<std::string> Host::renew_command() const {
  return {daemon_binary(), "--config", configuration().string(), "renew"};
}

std::size_t Host::restarts() const {
  const auto file = directory_ / "restarts";
  if (!std::filesystem::exists(file)) {
    return 0;
  }
  const std::string lines = read_file(file);
  return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
}

}  // namespace renewd::testing
