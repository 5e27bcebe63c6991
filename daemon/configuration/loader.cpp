#include "configuration/loader.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "configuration/numbers.hpp"
#include "configuration/sections.hpp"
#include "configuration/values.hpp"
#include "configuration/yaml_document.hpp"
#include "core/filesystem.hpp"
#include "core/trusted_path.hpp"
#include "core/whole_file.hpp"

namespace renewd::configuration {
namespace {

// Ten thousand certificates take 3 MiB.
constexpr std::size_t kFileLimit = std::size_t{8} * 1024 * 1024;

void read_http(const YamlMap& file, HttpSettings& into) {
  const auto map = read_section(file, "http", into.keys());
  if (!map) {
    return;
  }
  const bool has_user = into.proxy && !into.proxy->user.empty();
  if (map->find("proxy_password") != nullptr && !has_user && !map->mistypes({"proxy"}) &&
      (into.proxy || map->find("proxy") == nullptr)) {
    map->sink().error(map->place_of("proxy_password"),
                      "`http.proxy_password` needs a user name; add it to `http.proxy`, as in http://user@host:3128");
  }
  // A shorter request_timeout than the default connect_timeout is fine: it bounds every step.
  if (map->find("connect_timeout") != nullptr && !map->mistypes({"request_timeout"}) &&
      into.connect_timeout > into.request_timeout) {
    map->sink().error(
        map->place_of("connect_timeout"),
        fmt::format("`http.connect_timeout` ({}) must not be longer than `http.request_timeout` ({}), which limits the "
                    "whole request",
                    write_duration(into.connect_timeout), write_duration(into.request_timeout)));
  }
}

void read_schedule(const YamlMap& file, ScheduleSettings& into) {
  const auto map = read_section(file, "schedule", into.keys());
  if (map && into.retry_at_least > into.retry_at_most && !map->mistypes({"retry_at_least", "retry_at_most"})) {
    const bool least = map->find("retry_at_least") != nullptr;
    map->sink().error(
        map->place_of(least ? "retry_at_least" : "retry_at_most"),
        fmt::format("`schedule.retry_at_least` ({}) must not be longer than `schedule.retry_at_most` ({})",
                    write_duration(into.retry_at_least), write_duration(into.retry_at_most)));
  }
}

void read_file(const YamlNode& root, DiagnosticSink& sink, Settings& into) {
  const auto map = read_map(root, "", into.keys(), sink);
  if (!map) {
    return;
  }
  if (const YamlNode* certificates = map->find("certificates")) {
    into.certificates = read_certificates(*certificates, sink);
  }
  read_http(*map, into.http);
  read_schedule(*map, into.schedule);
  read_section(*map, "log", into.log.keys());
  read_metrics(*map, into.metrics);
  read_fleet(*map, into.http, into.schedule, into.fleet);
}

// An error about the file as a whole.
tl::unexpected<Diagnostics> refused(std::string why) {
  return tl::unexpected(Diagnostics{{{}, std::move(why)}});
}

// `settings` holds the defaults.
tl::expected<LocatedSettings, Diagnostics> parse_over(Settings settings, std::string_view yaml, bool world_readable) {
  if (yaml.size() > kFileLimit) {
    return refused("the file is larger than the limit of 8 MiB");
  }
  auto document = read_yaml(yaml);
  if (!document) {
    return tl::unexpected(Diagnostics{document.error()});
  }
  if (document->root == nullptr) {
    return refused(
        "nothing is configured yet: the key `certificates` is missing; run gravitee-renewd init, or begin with the "
        "example /usr/share/doc/gravitee-renewd/config/config.yaml");
  }
  DiagnosticSink sink(world_readable);
  read_file(*document->root, sink, settings);
  if (!sink.empty()) {
    return tl::unexpected(sink.take());
  }
  return LocatedSettings{std::move(settings), Places(std::move(*document))};
}

tl::expected<Settings, Diagnostics> without_places(tl::expected<LocatedSettings, Diagnostics> located) {
  return std::move(located).map([](LocatedSettings&& both) { return std::move(both.settings); });
}

}  // namespace

tl::expected<Settings, Diagnostics> parse(std::string_view yaml) {
  return without_places(parse_over({}, yaml, false));
}

tl::expected<Settings, Diagnostics> load(const std::filesystem::path& file) {
  return without_places(load_located(file));
}

tl::expected<LocatedSettings, Diagnostics> load_located(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) == 0 && !special_kind(status.st_mode).empty()) {
    return refused(
        fmt::format("this is {}, but the configuration must be a regular file: save it as one, and pass "
                    "that with --config FILE",
                    special_kind(status.st_mode)));
  }
  // Before it is read: a change meanwhile is then noticed.
  const auto modified = modified_at(file);
  PosixFilesystem filesystem;
  // Read the file that the check below is about, not one that somebody exchanges for it in between.
  const auto held = filesystem.follow(file);
  const auto yaml = held ? filesystem.read(held->path, kFileLimit) : tl::unexpected(held.error());
  if (!yaml) {
    std::error_code error;
    const auto type = std::filesystem::symlink_status(file, error).type();
    const char* const hint = type == std::filesystem::file_type::not_found
                                 ? "; run gravitee-renewd init to create it, or pass another one with --config FILE"
                                 : "";
    return refused(yaml.error().message + hint);
  }
  // It names programs to run and files to read and replace: a user who can change it has all the daemon's rights.
  const auto others = changed_by_others(file, ::geteuid());
  if (!others) {
    return refused(others.error().message);
  }
  if (!others->empty()) {
    return refused(
        fmt::format("other users can change this file: {}; allow only root and the user who runs this "
                    "command to change it (chown, chmod)",
                    *others));
  }
  const auto attributes = filesystem.attributes(file);
  if (!attributes) {
    return refused(attributes.error().message);
  }
  Settings defaults;
  if (const char* given = std::getenv("STATE_DIRECTORY")) {
    // Colons separate several directories; the daemon uses the first.
    const std::string_view all(given);
    const std::string_view first = all.substr(0, all.find(':'));
    if (first.starts_with('/')) {
      defaults.state_directory = first;
    }
  }
  auto located = parse_over(std::move(defaults), *yaml, (attributes->mode & S_IROTH) != 0);
  if (located) {
    located->settings.file = file;
    located->settings.modified = modified;
  }
  return located;
}

}  // namespace renewd::configuration
