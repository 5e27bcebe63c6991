#include "configuration/verify_section.hpp"

#include <fmt/format.h>

#include "configuration/secret_section.hpp"
#include "configuration/unit_names.hpp"
#include "configuration/urls.hpp"
#include "configuration/yaml_values.hpp"

namespace renewd::configuration {
namespace {

void read_url(const YamlMap& map, std::string& into) {
  const YamlNode* node = map.require("url");
  const auto text = node == nullptr ? std::nullopt : text_of(*node, map.name_of("url"), map.sink());
  if (!text) {
    return;
  }
  auto url = parse_probe_url(*text);
  if (!url) {
    map.sink().error(node->place, fmt::format("`{}` {}", map.name_of("url"), url.error()));
    return;
  }
  into = std::move(*url);
}

void read_credentials(const YamlMap& map, HttpProbeSettings& into) {
  read_text(map, "username", into.username);
  if (into.username.find(':') != std::string::npos) {
    map.sink().error(map.find("username")->place,
                     fmt::format("`{}` must not have a colon; a server could not tell it from the password",
                                 map.name_of("username")));
  }
  read_secret_source(map, "password", into.password);
  const auto given = map.present({"username", "password"});
  if (given.size() == 1 && !map.mistypes({"username", "password"})) {
    const std::string_view other = given.front() == "username" ? "password" : "username";
    map.sink().error(map.place_of(given.front()), fmt::format("`{}` needs `{}`; give both, or none",
                                                              map.name_of(given.front()), map.name_of(other)));
  }
}

void read_http_probe(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewaySettings& into) {
  const auto map = YamlMap::open(node, name, {.supported = {"url", "username", "password", "expect_status"}}, sink);
  if (!map) {
    return;
  }
  HttpProbeSettings probe;
  read_url(*map, probe.url);
  read_credentials(*map, probe);
  constexpr unsigned kFirstStatus = 100;
  constexpr unsigned kLastStatus = 599;
  read_count(*map, "expect_status", kFirstStatus, kLastStatus, probe.expect_status);
  into.http_probe = std::move(probe);
}

void read_pattern(const YamlMap& map, std::string_view key, std::optional<Pattern>& into) {
  const YamlNode* node = map.find(key);
  const auto text = node == nullptr ? std::nullopt : text_of(*node, map.name_of(key), map.sink());
  if (!text) {
    return;
  }
  const auto refuse = [&](const std::string& why) {
    map.sink().error(node->place, fmt::format("`{}` {}", map.name_of(key), why));
  };
  auto pattern = Pattern::compile(*text);
  if (!pattern) {
    refuse("must be a regular expression: " + pattern.error());
  } else if (pattern->found_in("")) {
    refuse("must not match an empty line; it would match every line");
  } else {
    into = std::move(*pattern);
  }
}

void read_log_probe(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewaySettings& into) {
  const auto map = YamlMap::open(node, name, {.supported = {"unit", "file", "ready", "failed"}}, sink);
  if (!map) {
    return;
  }
  LogProbeSettings probe;
  if (map->exactly_one("unit", "file") == "unit") {
    probe.target = read_unit_name(*map, "unit");
  } else {
    std::filesystem::path file;
    read_absolute_path(*map, "file", file);
    probe.target = file;
  }
  read_pattern(*map, "ready", probe.ready);
  read_pattern(*map, "failed", probe.failed);
  const std::vector<std::string_view> patterns{"ready", "failed"};
  if (map->present(patterns).empty() && !map->mistypes(patterns)) {
    sink.error(map->place(),
               fmt::format("`{}` or `{}` must be given, or both", map->name_of("ready"), map->name_of("failed")));
  }
  into.log_probe = std::move(probe);
}

}  // namespace

void read_verify(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewaySettings& into) {
  const auto map = YamlMap::open(node, name, {.supported = {"http", "log", "timeout"}}, sink);
  if (!map) {
    return;
  }
  if (const YamlNode* http = map->find("http")) {
    read_http_probe(*http, map->name_of("http"), sink, into);
  }
  if (const YamlNode* log = map->find("log")) {
    read_log_probe(*log, map->name_of("log"), sink, into);
  }
  read_duration(*map, "timeout", seconds{1}, into.verify_timeout);
}

}  // namespace renewd::configuration
