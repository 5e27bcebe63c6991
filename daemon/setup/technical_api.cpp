#include "setup/technical_api.hpp"

#include <utility>

#include <fmt/format.h>

#include "configuration/urls.hpp"
#include "core/text.hpp"

namespace renewd::setup {
namespace {

constexpr std::string_view kUsers = "services.core.http.authentication.users";

// A setting's value, or its default. Sets `problem` when the value is unknown.
std::string value_or(const GraviteeSettings& settings, const std::string& name, std::string fallback,
                     std::string& problem) {
  auto setting = settings.find("services.core.http." + name);
  if (!setting) {
    return fallback;
  }
  if (!setting->problem.empty()) {
    problem = fmt::format("services.core.http.{}: {}", name, setting->problem);
  }
  return std::move(setting->value);
}

void find_credentials(const GraviteeSettings& settings, TechnicalApi& api) {
  const std::string type = value_or(settings, "authentication.type", "basic", api.problem);
  if (type == "none") {
    return;
  }
  api.username = "admin";
  auto password = settings.find(fmt::format("{}.admin", kUsers));
  if (!password) {
    api.username = settings.first_key_under(kUsers);
    password = settings.find(fmt::format("{}.{}", kUsers, api.username));
  }
  if (!password || api.username.empty()) {
    api.username.clear();
    api.problem = fmt::format("{} has no users", kUsers);
  } else if (api.username.find(':') != std::string::npos) {
    api.problem = fmt::format("the user name {} contains a colon", printable(api.username, 60));
  } else if (!password->problem.empty()) {
    api.problem = fmt::format("the password of {}: {}", printable(api.username, 60), password->problem);
  } else {
    api.password = Secret(password->value);
  }
}

}  // namespace

TechnicalApi find_technical_api(const GraviteeSettings& settings, int default_port) {
  TechnicalApi api;
  std::string host = value_or(settings, "host", "localhost", api.problem);
  const std::string port = value_or(settings, "port", std::to_string(default_port), api.problem);
  if (host == "0.0.0.0" || host == "::" || host == "[::]") {
    host = "localhost";  // included in all addresses
  } else if (host.find(':') != std::string::npos && !host.starts_with('[')) {
    host = "[" + host + "]";
  }
  find_credentials(settings, api);
  if (value_or(settings, "enabled", "true", api.problem) != "true") {
    api.problem = "services.core.http.enabled is not true";
  } else if (value_or(settings, "secured", "false", api.problem) != "false") {
    api.problem = "services.core.http.secured is set: http.ca_file would have to trust its certificate";
  }
  auto url = configuration::parse_probe_url(fmt::format("http://{}:{}/_node/health", host, port));
  if (url) {
    api.url = std::move(*url);
  } else {
    api.url = fmt::format("http://localhost:{}/_node/health", default_port);
    if (api.problem.empty()) {
      api.problem = "services.core.http.host and port: the URL " + url.error();
    }
  }
  return api;
}

}  // namespace renewd::setup
