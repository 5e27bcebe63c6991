// What docs/configuration.md and README.md say, against the loader: every key with its default and its example, and
// every piece of YAML.
#include <csignal>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include <boost/json.hpp>

#include "configuration/durations.hpp"
#include "configuration/loader.hpp"
#include "nearly_right.hpp"
#include "plain_json.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::configuration {
namespace {

namespace json = boost::json;

// A row of a table of keys.
struct DocumentedKey {
  std::string key;
  std::string given;  // the column "default"
  std::string example;
};

std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> cells;
  std::istringstream parts(row.substr(1));
  for (std::string cell; std::getline(parts, cell, '|');) {
    const auto begin = cell.find_first_not_of(' ');
    const auto end = cell.find_last_not_of(' ');
    cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
  }
  return cells;
}

// What stands between the first two backticks.
std::string quoted_in(const std::string& cell) {
  const auto begin = cell.find('`');
  return begin == std::string::npos ? "" : cell.substr(begin + 1, cell.find('`', begin + 1) - begin - 1);
}

std::vector<DocumentedKey> documented_keys() {
  std::ifstream lines(RENEWD_CONFIGURATION_DOCUMENT);
  std::vector<DocumentedKey> keys;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    inside = line.starts_with("| key | default | example |") || (inside && line.starts_with('|'));
    if (inside && line.starts_with("| `")) {
      const auto cells = cells_of(line);
      keys.push_back({quoted_in(cells.at(0)), cells.at(1), quoted_in(cells.at(2))});
    }
  }
  return keys;
}

bool is_top_level(const std::string& key) {
  static const std::set<std::string> kMaps{"http", "schedule", "state_directory", "log", "metrics", "certificates"};
  return kMaps.contains(key.substr(0, key.find('.')));
}

void set_value(json::object& map, const std::string& key, json::value value) {
  const auto dot = key.find('.');
  if (dot == std::string::npos) {
    map[key] = std::move(value);
    return;
  }
  json::value& below = map[key.substr(0, dot)];
  if (!below.is_object()) {
    below = json::object();
  }
  set_value(below.as_object(), key.substr(dot + 1), std::move(value));
}

// A file that is right, and whose values may be set by their documented names.
class File {
 public:
  File& set(const std::string& key, const std::string& yaml) { return put(key, plain_json(yaml)); }
  File& put(const std::string& key, json::value value) {
    set_value(is_top_level(key) ? root_ : certificate_, key, std::move(value));
    return *this;
  }
  // JSON is YAML.
  std::string yaml() const {
    json::object whole = root_;
    if (!whole.contains("certificates")) {
      whole["certificates"] = json::array{certificate_};
    }
    return json::serialize(whole);
  }

 private:
  json::object root_;
  json::object certificate_ =
      plain_json("{name: a, account_url: https://h/a, token: {file: /t}, keystore: {path: /k}}").as_object();
};

// What a key needs beside it. The longest beginning of the key counts.
File file_around(const std::string& key) {
  using Others = std::vector<std::pair<std::string, std::string>>;
  static const std::map<std::string, Others> kOthers{
      {"gateway.systemd.action", {{"gateway.systemd.unit", "a.service"}}},
      {"gateway.command.timeout", {{"gateway.command.argv", "[/a]"}}},
      {"gateway.signal.signal", {{"gateway.signal.unit", "a.service"}}},
      {"gateway.rollback", {{"gateway.none", "{}"}}},
      {"gateway.verify.timeout", {{"gateway.none", "{}"}}},
      {"gateway.verify.http", {{"gateway.none", "{}"}, {"gateway.verify.http.url", "https://h/"}}},
      {"gateway.verify.http.username",
       {{"gateway.none", "{}"}, {"gateway.verify.http", "{url: 'https://h/', password: {file: /p}}"}}},
      {"gateway.verify.http.password",
       {{"gateway.none", "{}"}, {"gateway.verify.http", "{url: 'https://h/', username: a}"}}},
      {"gateway.verify.log", {{"gateway.none", "{}"}, {"gateway.verify.log", "{file: /l}"}}},
      {"gateway.verify.log.unit", {{"gateway.none", "{}"}, {"gateway.verify.log", "{ready: a}"}}},
      {"gateway.verify.log.file", {{"gateway.none", "{}"}, {"gateway.verify.log", "{ready: a}"}}},
      {"http.proxy_password", {{"http.proxy", "http://user@proxy:3128"}}},
      {"metrics.allow_remote", {{"metrics.listen", "0.0.0.0:9464"}}},
  };
  File file;
  const Others* others = nullptr;
  for (const auto& [beginning, candidates] : kOthers) {
    others = key.starts_with(beginning) ? &candidates : others;  // sorted: a longer beginning comes later
  }
  for (const auto& [other, yaml] : others == nullptr ? Others() : *others) {
    file.set(other, yaml);
  }
  return file;
}

Settings settings_of(const std::string& yaml) {
  INFO(yaml);
  auto settings = parse(yaml);
  if (!settings) {
    FAIL(settings.error().front().text("config.yaml"));
  }
  return std::move(*settings);
}

template <typename Choice>
std::string word(Choice choice, const std::map<Choice, std::string>& words) {
  return words.at(choice);
}

using Written = std::function<std::string(const Settings&)>;

Written duration(std::function<seconds(const Settings&)> get) {
  return [get = std::move(get)](const Settings& settings) { return write_duration(get(settings)); };
}

// A value of the settings as the document writes it, for every key that has a default.
const std::map<std::string, Written>& written_values() {
  const auto gateway = [](const Settings& s) -> const GatewaySettings& { return s.certificates.at(0).gateway; };
  static const std::map<std::string, Written> kValues{
      {"keystore.type",
       [](const Settings& s) {
         using enum KeystoreType;
         return word(s.certificates.at(0).keystore.type,
                     {{automatic, "auto"}, {pkcs12, "pkcs12"}, {jks, "jks"}, {pem, "pem"}});
       }},
      {"renew",
       [](const Settings& s) {
         return word(s.certificates.at(0).renew, {{RenewMode::automatic, "auto"}, {RenewMode::never, "never"}});
       }},
      {"renew_before",
       [](const Settings& s) {
         const auto& before = s.certificates.at(0).renew_before;
         const auto* share = std::get_if<LifetimeShare>(&before);
         return share != nullptr ? std::to_string(static_cast<int>(share->value * 100)) + "%"
                                 : write_duration(std::get<seconds>(before));
       }},
      {"override_windows_before",
       duration([](const Settings& s) { return s.certificates.at(0).override_windows_before; })},
      {"gateway.systemd.action",
       [=](const Settings& s) {
         using enum SystemdGateway::Action;
         return word(std::get<SystemdGateway>(gateway(s).action).action,
                     {{try_restart, "try-restart"}, {restart, "restart"}});
       }},
      {"gateway.command.timeout",
       duration([=](const Settings& s) { return std::get<CommandGateway>(gateway(s).action).timeout; })},
      {"gateway.signal.signal",
       [=](const Settings& s) {
         return "SIG" + std::string(::sigabbrev_np(std::get<SignalGateway>(gateway(s).action).signal));
       }},
      {"gateway.verify.http.expect_status",
       [=](const Settings& s) { return std::to_string(gateway(s).http_probe.value().expect_status); }},
      {"gateway.verify.timeout", duration([=](const Settings& s) { return gateway(s).verify_timeout; })},
      {"gateway.rollback", [=](const Settings& s) { return gateway(s).rollback ? "true" : "false"; }},
      {"http.connect_timeout", duration([](const Settings& s) { return s.http.connect_timeout; })},
      {"http.request_timeout", duration([](const Settings& s) { return s.http.request_timeout; })},
      {"schedule.check_every", duration([](const Settings& s) { return s.schedule.check_every; })},
      {"schedule.splay", duration([](const Settings& s) { return s.schedule.splay; })},
      {"schedule.retry_at_least", duration([](const Settings& s) { return s.schedule.retry_at_least; })},
      {"schedule.retry_at_most", duration([](const Settings& s) { return s.schedule.retry_at_most; })},
      {"schedule.requests_per_day", [](const Settings& s) { return std::to_string(s.schedule.requests_per_day); }},
      {"state_directory", [](const Settings& s) { return s.state_directory.string(); }},
      {"log.level", [](const Settings& s) { return std::string(to_string(s.log.level)); }},
      {"log.format",
       [](const Settings& s) {
         using enum LogFormat;
         return word(s.log.format, {{automatic, "auto"}, {json, "json"}, {text, "text"}});
       }},
  };
  return kValues;
}

// "60s" and "1m" are the same.
std::string normal(const std::string& value) {
  const auto as_duration = parse_duration(value);
  return as_duration ? write_duration(*as_duration) : value;
}

TEST_CASE("every documented example of a key can be used, and is") {
  for (const DocumentedKey& row : documented_keys()) {
    CAPTURE(row.key, row.example);
    const Settings settings = settings_of(file_around(row.key).set(row.key, row.example).yaml());
    const auto written = written_values().find(row.key);
    if (written != written_values().end()) {
      CHECK(written->second(settings) == normal(row.example));
    }
  }
}

TEST_CASE("every documented default is the one of the settings") {
  std::size_t defaults = 0;
  for (const DocumentedKey& row : documented_keys()) {
    CAPTURE(row.key, row.given);
    if (!row.given.starts_with('`') || row.key == "metrics.allow_remote") {
      continue;
    }
    ++defaults;
    const Written& written = written_values().at(row.key);
    CHECK(written(settings_of(file_around(row.key).yaml())) == normal(quoted_in(row.given)));
  }
  CHECK(defaults == written_values().size());
}

TEST_CASE("addresses that others reach are refused by default, as documented") {
  const File file = file_around("metrics.allow_remote");
  CHECK_FALSE(parse(file.yaml()).has_value());
  CHECK_FALSE(parse(File(file).set("metrics.allow_remote", "false").yaml()).has_value());
  CHECK(parse(File(file).set("metrics.allow_remote", "true").yaml()).has_value());
}

TEST_CASE("what is documented as required is missed, and nothing else is") {
  std::size_t required = 0;
  for (const DocumentedKey& row : documented_keys()) {
    CAPTURE(row.key, row.given);
    if (!row.given.starts_with("required")) {
      continue;
    }
    ++required;
    const auto dot = row.key.rfind('.');
    File file;
    if (dot == std::string::npos) {
      file.set("certificates", "[{}]");
    } else {
      file.set(row.key.substr(0, dot), "{}");
    }
    const auto settings = parse(file.yaml());
    REQUIRE_FALSE(settings.has_value());
    std::string all;
    for (const Diagnostic& diagnostic : settings.error()) {
      all += diagnostic.message + "\n";
    }
    CHECK_THAT(all, ContainsSubstring("the key `" + row.key + "` is missing"));
  }
  CHECK(required == 5);
  // A file without any other key is right: see also good_files.cpp.
  CHECK(parse(File().yaml()).has_value());
  CHECK(parse("certificates: [{name: a, renew: never, keystore: {path: /k}}]").has_value());
}

// The keys of the schema that hold no further keys, but for those of a secret or a window, which have their own names.
void collect_keys(const json::value& schema, const json::value& part, const std::string& name,
                  std::map<std::string, json::value>& into) {
  const json::object* object = &part.as_object();
  if (const auto* const reference = object->if_contains("$ref")) {
    const std::string target(reference->as_string());
    if (target.ends_with("/secret") || target.ends_with("/windows")) {
      into[name] = part;
      return;
    }
    json::error_code error;
    object = &schema.find_pointer(target.substr(1), error)->as_object();
  }
  if (const auto* const items = object->if_contains("items"); items != nullptr && name == "certificates") {
    collect_keys(schema, *items, "", into);
    return;
  }
  const auto* const properties = object->if_contains("properties");
  if (properties == nullptr) {
    into[name] = part;
    return;
  }
  for (const auto& [key, value] : properties->as_object()) {
    collect_keys(schema, value, (name.empty() ? "" : name + ".") + std::string(key), into);
  }
}

std::string plain_text(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

TEST_CASE("the document and the schema have the same keys and defaults") {
  const json::value schema = json::parse(testing::read_file(RENEWD_CONFIGURATION_SCHEMA));
  std::map<std::string, json::value> of_schema;
  collect_keys(schema, schema, "", of_schema);
  std::set<std::string> documented;
  for (const DocumentedKey& row : documented_keys()) {
    CAPTURE(row.key);
    CHECK(documented.insert(row.key).second);
    const auto found = of_schema.find(row.key);
    REQUIRE(found != of_schema.end());
    const auto* const given = found->second.as_object().if_contains("default");
    CHECK((given == nullptr ? "" : plain_text(*given)) ==
          (row.given.starts_with('`') ? quoted_in(row.given) : std::string()));
  }
  for (const auto& [key, part] : of_schema) {
    CAPTURE(key);
    CHECK(documented.contains(key));
  }
}

std::vector<std::string> yaml_blocks(const char* document) {
  std::ifstream lines(document);
  std::vector<std::string> blocks;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "```yaml") {
      inside = true;
      blocks.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

TEST_CASE("every piece of YAML in the documents can be used") {
  std::size_t pieces = 0;
  for (const char* document : {RENEWD_CONFIGURATION_DOCUMENT, RENEWD_README}) {
    for (const std::string& yaml : yaml_blocks(document)) {
      CAPTURE(document, yaml);
      ++pieces;
      const json::object piece = plain_json(yaml).as_object();
      if (piece.contains("certificates")) {
        settings_of(yaml);
        continue;
      }
      File file;
      for (const auto& [key, value] : piece) {
        file.put(std::string(key), value);
      }
      settings_of(file.yaml());
    }
  }
  CHECK(pieces >= 3);
}

}  // namespace
}  // namespace renewd::configuration
