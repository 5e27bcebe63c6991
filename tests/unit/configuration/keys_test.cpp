// Checks that the loader follows the declaration of each key. A new key needs no change here, unless a rule requires
// another key with it.
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "configuration/loader.hpp"
#include "configuration/numbers.hpp"
#include "configuration/settings.hpp"
#include "declared.hpp"
#include "plain_json.hpp"
#include "right_file.hpp"
#include "support/catch.hpp"

namespace renewd::configuration {
namespace {

namespace json = boost::json;

json::array all_keys() {
  static Settings defaults;
  return declared(defaults.keys());
}

std::string text(const json::value& key, std::string_view member) {
  const auto* const value = key.as_object().if_contains(member);
  return value == nullptr ? "" : value->is_string() ? std::string(value->as_string()) : json::serialize(*value);
}

// By full name, as RightFile expects it. `maps` are the keys that contain others.
void collect(const json::array& keys, const std::string& prefix, std::map<std::string, json::value>& leaves,
             std::map<std::string, json::array>& maps) {
  maps[prefix.empty() ? "" : prefix.substr(0, prefix.size() - 1)] = keys;
  for (const json::value& key : keys) {
    const std::string name = prefix + text(key, "name");
    if (const auto* const below = key.as_object().if_contains("keys")) {
      collect(below->as_array(), text(key, "kind") == "list" ? "" : name + ".", leaves, maps);
    } else {
      leaves[name] = key;
    }
  }
}

struct Declared {
  Declared() {
    json::array keys = all_keys();
    collect(keys, "", leaves, maps);
  }
  std::map<std::string, json::value> leaves;
  std::map<std::string, json::array> maps;
};

// The keys that cross-key rules require with a key.
void add_by_rule(const std::string& name, RightFile& file) {
  static const std::map<std::string, std::pair<std::string, std::string>> kOthers{
      {"gateway.verify.http.username", {"gateway.verify.http.password", "{file: /p}"}},
      {"gateway.verify.http.password", {"gateway.verify.http.username", "admin"}},
      {"gateway.verify.log.unit", {"gateway.verify.log.ready", "up"}},
      {"gateway.verify.log.file", {"gateway.verify.log.ready", "up"}},
      {"http.proxy_password", {"http.proxy", "http://user@proxy:3128"}},
      {"fleet.etcd.cert_file", {"fleet.etcd.key_file", "/key.pem"}},
      {"fleet.etcd.key_file", {"fleet.etcd.cert_file", "/certificate.pem"}},
      {"fleet.etcd.username", {"fleet.etcd.password", "{file: /p}"}},
      {"fleet.etcd.password", {"fleet.etcd.username", "renewd"}},
  };
  if (const auto other = kOthers.find(name); other != kOthers.end()) {
    file.set(other->second.first, other->second.second);
  }
}

// A file in which the maps around the key have their other required keys.
RightFile file_around(const Declared& all, const std::string& name) {
  RightFile file;
  for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    const std::string map = name.substr(0, dot);
    const std::string below = name.substr(dot + 1, name.find('.', dot + 1) - dot - 1);
    const json::value* alternative = nullptr;
    for (const json::value& key : all.maps.at(map)) {
      const bool is_one_of = text(key, "without") == kOneOfThese;
      alternative = is_one_of && (alternative == nullptr || text(key, "name") == below) ? &key : alternative;
      if (text(key, "without") == kRequired && !key.as_object().contains("keys")) {
        file.set(map + "." + text(key, "name"), text(key, "example"));
      }
    }
    if (alternative != nullptr && text(*alternative, "name") != below) {
      if (alternative->as_object().contains("keys")) {
        file.set(map + ".none", "{}");
      } else {
        file.set(map + "." + text(*alternative, "name"), text(*alternative, "example"));
      }
    }
  }
  add_by_rule(name, file);
  return file;
}

std::string problems(const std::string& yaml) {
  const auto settings = parse(yaml);
  std::string all;
  for (const Diagnostic& diagnostic : settings ? Diagnostics() : settings.error()) {
    all += diagnostic.message + "\n";
  }
  return all;
}

// "60s" and "1m" are equal.
json::value normal(json::value value) {
  const auto duration = value.is_string() ? parse_duration(std::string_view(value.as_string())) : std::nullopt;
  return duration ? json::value(write_duration(*duration)) : value;
}

TEST_CASE("every example of a key is valid") {
  const Declared all;
  std::size_t compared = 0;
  for (const auto& [name, key] : all.leaves) {
    const std::string yaml = file_around(all, name).set(name, text(key, "example")).yaml();
    CAPTURE(name, yaml);
    auto settings = parse(yaml);
    CHECK(problems(yaml).empty());
    if (!settings) {
      continue;
    }
    std::map<std::string, json::value> leaves;
    std::map<std::string, json::array> maps;
    collect(declared(settings->keys()), "", leaves, maps);
    if (const auto* const now = leaves.at(name).as_object().if_contains("default")) {
      ++compared;
      CHECK(normal(*now) == normal(plain_json(text(key, "example"))));
      CHECK(*now != (key.as_object().contains("default") ? key.at("default") : json::value()));
    }
  }
  CHECK(compared > 30);
}

TEST_CASE("only required keys are reported as missing") {
  const Declared all;
  CHECK(problems(RightFile().yaml()).empty());
  for (const auto& [map, keys] : all.maps) {
    const std::string prefix = map.empty() ? "" : map + ".";
    for (const json::value& key : keys) {
      const std::string name = prefix + text(key, "name");
      CAPTURE(name);
      const std::string empty = map.empty() ? "{certificates: [{}]}" : RightFile().set(map, "{}").yaml();
      const bool missed = problems(empty).find("the key `" + name + "` is missing") != std::string::npos;
      CHECK(missed == text(key, "without").starts_with(kRequired));
    }
  }
}

TEST_CASE("a key has the bounds that it declares") {
  const Declared all;
  const auto refused = [&all](const std::string& name, const std::string& value) {
    const std::string found = problems(file_around(all, name).set(name, value).yaml());
    return found.find("`" + name + "` must be at least") != std::string::npos ||
           found.find("`" + name + "` must be a whole number from") != std::string::npos;
  };
  std::size_t bounded = 0;
  for (const auto& [name, key] : all.leaves) {
    CAPTURE(name);
    if (text(key, "kind") == "duration") {
      const seconds least = *parse_duration(text(key, "at_least"));
      CHECK_FALSE(refused(name, write_duration(least)));
      CHECK((least == seconds(0) || refused(name, write_duration(least - seconds(1)))));
    } else if (text(key, "kind") == "count") {
      const auto from = key.at("from").to_number<unsigned>();
      const auto to = key.at("to").to_number<unsigned>();
      CHECK_FALSE(refused(name, std::to_string(from)));
      CHECK_FALSE(refused(name, std::to_string(to)));
      CHECK(refused(name, std::to_string(from - 1)));
      CHECK(refused(name, std::to_string(to + 1)));
    } else {
      continue;
    }
    ++bounded;
  }
  CHECK(bounded > 8);
}

TEST_CASE("every key that is declared as a secret is among the secrets of the settings") {
  const Declared all;
  std::set<std::string> names;
  for (const auto& [name, key] : all.leaves) {
    if (text(key, "kind") != "secret") {
      continue;
    }
    CAPTURE(name);
    auto settings = parse(file_around(all, name).set(name, "{file: /the/secret}").yaml());
    REQUIRE(settings);
    std::string found;
    for_each_secret(*settings, [&found](const SecretSource& secret, std::string_view its) {
      found = secret.name == "/the/secret" ? its : found;
    });
    CHECK_FALSE(found.empty());
    CHECK(names.insert(found).second);
  }
  CHECK(names.size() >= 4);
}

TEST_CASE("addresses that other hosts reach are refused by default") {
  const std::string listen = RightFile().set("metrics.listen", "0.0.0.0:9464").yaml();
  CHECK_FALSE(parse(listen));
  CHECK_FALSE(parse(RightFile().set("metrics", "{listen: '0.0.0.0:9464', allow_remote: false}").yaml()));
  CHECK(parse(RightFile().set("metrics", "{listen: '0.0.0.0:9464', allow_remote: true}").yaml()));
}

}  // namespace
}  // namespace renewd::configuration
