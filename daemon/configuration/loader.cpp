#include "configuration/loader.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "configuration/durations.hpp"
#include "configuration/sections.hpp"
#include "configuration/values.hpp"
#include "configuration/yaml_document.hpp"
#include "core/filesystem.hpp"
#include "core/trusted_path.hpp"
#include "core/whole_file.hpp"

namespace renewd::configuration {
namespace {

constexpr std::size_t kFileLimit = std::size_t{1024} * 1024;

void read_http(const YamlNode& node, DiagnosticSink& sink, HttpSettings& into) {
  const auto map = read_map(node, "http", into.keys(), sink);
  if (!map) {
    return;
  }
  const bool has_user = into.proxy && !into.proxy->user.empty();
  if (map->find("proxy_password") != nullptr && !has_user && !map->mistypes({"proxy"}) &&
      (into.proxy || map->find("proxy") == nullptr)) {
    sink.error(map->place_of("proxy_password"),
               "`http.proxy_password` needs a user; write it into `http.proxy`, as in http://user@host:3128");
  }
  // A default that is longer than what was chosen for the other is no mistake: the whole bounds each step.
  if (map->find("connect_timeout") != nullptr && !map->mistypes({"request_timeout"}) &&
      into.connect_timeout > into.request_timeout) {
    sink.error(map->place_of("connect_timeout"),
               fmt::format("`http.connect_timeout` ({}) must not be longer than `http.request_timeout` ({}), which "
                           "bounds the whole exchange",
                           write_duration(into.connect_timeout), write_duration(into.request_timeout)));
  }
}

void read_schedule(const YamlNode& node, DiagnosticSink& sink, ScheduleSettings& into) {
  const auto map = read_map(node, "schedule", into.keys(), sink);
  if (map && into.retry_at_least > into.retry_at_most && !map->mistypes({"retry_at_least", "retry_at_most"})) {
    const bool least = map->find("retry_at_least") != nullptr;
    sink.error(map->place_of(least ? "retry_at_least" : "retry_at_most"),
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
  if (const YamlNode* http = map->find("http")) {
    read_http(*http, sink, into.http);
  }
  if (const YamlNode* schedule = map->find("schedule")) {
    read_schedule(*schedule, sink, into.schedule);
  }
  if (const YamlNode* log = map->find("log")) {
    read_map(*log, "log", into.log.keys(), sink);
  }
  if (const YamlNode* metrics = map->find("metrics")) {
    read_metrics(*metrics, sink, into.metrics);
  }
}

// `settings` holds the defaults.
tl::expected<LocatedSettings, Diagnostics> parse_over(Settings settings, std::string_view yaml, bool public_file) {
  if (yaml.size() > kFileLimit) {
    return tl::unexpected(Diagnostics{{0, 0, "the file is larger than 1 MiB, which no configuration is"}});
  }
  auto document = read_yaml(yaml);
  if (!document) {
    return tl::unexpected(Diagnostics{document.error()});
  }
  if (document->root == nullptr) {
    return tl::unexpected(
        Diagnostics{{0, 0,
                     "nothing is configured yet; the key \"certificates\" is needed: remove the \"#\" "
                     "before it in the installed file, or use gravitee-renewd init"}});
  }
  DiagnosticSink sink(public_file);
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
    return tl::unexpected(Diagnostics{{0, 0,
                                       fmt::format("it is {}, and a configuration must be a regular file; save it "
                                                   "first, and name that with --config FILE",
                                                   special_kind(status.st_mode))}});
  }
  PosixFilesystem filesystem;
  // Read from where the path leads by its text, as it is judged below: not through what somebody has opened elsewhere.
  const auto held = filesystem.follow(file);
  const auto yaml = held ? filesystem.read(held->path, kFileLimit) : tl::unexpected(held.error());
  if (!yaml) {
    std::error_code error;
    const auto type = std::filesystem::symlink_status(file, error).type();
    const char* const hint =
        type == std::filesystem::file_type::not_found ? "; write it, or name another one with --config FILE" : "";
    return tl::unexpected(Diagnostics{{0, 0, yaml.error().message + hint}});
  }
  // It names programs to run and files to read and replace: whoever can change it can do what we can.
  const auto others = changed_by_others(file, ::geteuid());
  if (!others) {
    return tl::unexpected(Diagnostics{{0, 0, others.error().message}});
  }
  if (!others->empty()) {
    return tl::unexpected(Diagnostics{
        {0, 0,
         fmt::format("refused, since others can change what it says: {}; only root and the user who runs this may be "
                     "able to (chown, chmod)",
                     *others)}});
  }
  const auto attributes = filesystem.attributes(file);
  if (!attributes) {
    return tl::unexpected(Diagnostics{{0, 0, attributes.error().message}});
  }
  Settings defaults;
  if (const char* given = std::getenv("STATE_DIRECTORY")) {
    // Several directories are separated by colons; ours is the first.
    const std::string_view all(given);
    const std::string_view first = all.substr(0, all.find(':'));
    if (first.starts_with('/')) {
      defaults.state_directory = first;
    }
  }
  return parse_over(std::move(defaults), *yaml, (attributes->mode & S_IROTH) != 0);
}

}  // namespace renewd::configuration
