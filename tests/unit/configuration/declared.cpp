#include "declared.hpp"

#include <cstring>
#include <stdexcept>

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "configuration/numbers.hpp"
#include "configuration/settings.hpp"

namespace renewd::configuration {
namespace {

namespace json = boost::json;

std::string_view kind_of(TextKind kind) {
  switch (kind) {
    case TextKind::secret:
      return "text";
    case TextKind::name:
      return "name";
    case TextKind::account_url:
      return "account_url";
    case TextKind::probe_url:
      return "probe_url";
    case TextKind::user_name:
      return "user_name";
    case TextKind::credential:
      return "credential";
    case TextKind::variable:
      return "variable";
    case TextKind::etcd_prefix:
      return "etcd_prefix";
    case TextKind::host_name:
      return "host_name";
  }
  throw std::logic_error("a kind of text without a name");
}

std::string_view kind_of(ListKind kind) {
  switch (kind) {
    case ListKind::units:
      return "units";
    case ListKind::command:
      return "command";
    case ListKind::endpoints:
      return "endpoints";
  }
  throw std::logic_error("a kind of list without a name");
}

std::string time_of_day(std::chrono::minutes time) {
  return fmt::format("{:02}:{:02}", time / std::chrono::hours(1), time.count() % 60);
}

// The properties of one kind of value; without a "default" if there is none.
struct Described {
  json::object operator()(const Duration& value) const {
    return {
        {"kind", "duration"}, {"default", write_duration(*value.into)}, {"at_least", write_duration(value.at_least)}};
  }
  json::object operator()(RenewBefore* value) const {
    const auto* const duration = std::get_if<seconds>(value);
    return {{"kind", "renew_before"},
            {"default", duration != nullptr ? write_duration(*duration)
                                            : fmt::format("{:g}%", std::get<LifetimeShare>(*value).value * 100)}};
  }
  json::object operator()(const Count& value) const {
    return {{"kind", "count"}, {"default", *value.into}, {"from", value.at_least}, {"to", value.at_most}};
  }
  json::object operator()(bool* value) const { return {{"kind", "flag"}, {"default", *value}}; }
  json::object operator()(const TimeOfDay& value) const {
    return {{"kind", "time"}, {"default", time_of_day(*value.into)}, {"latest", time_of_day(value.latest)}};
  }
  json::object operator()(const Choice& value) const {
    return {{"kind", "choice"}, {"default", value.now}, {"words", json::array(value.words.begin(), value.words.end())}};
  }
  json::object operator()(const AbsolutePath& value) const {
    json::object path{{"kind", "path"}};
    if (!value.now.empty()) {
      path["default"] = value.now.string();
    }
    return path;
  }
  json::object operator()(const Text& value) const {
    json::object text{{"kind", kind_of(value.kind)}};
    if (!value.into->empty()) {
      text["default"] = *value.into;
    }
    return text;
  }
  json::object operator()(const OptionalText& value) const {
    json::object text{{"kind", kind_of(value.kind)}};
    if (*value.into) {
      text["default"] = **value.into;
    }
    return text;
  }
  json::object operator()(const UnitName&) const { return {{"kind", "unit"}}; }
  json::object operator()(const Texts& value) const { return {{"kind", kind_of(value.kind)}}; }
  json::object operator()(const Signal& value) const {
    return {{"kind", "signal"}, {"default", fmt::format("SIG{}", ::sigabbrev_np(*value.into))}};
  }
  json::object operator()(std::optional<SecretSource>* value) const {
    json::object secret{{"kind", "secret"}};
    if (*value) {
      secret["default"] = json::object{{"file", (*value)->name}};
    }
    return secret;
  }
  json::object operator()(std::optional<Pattern>* value) const {
    json::object pattern{{"kind", "pattern"}};
    if (*value) {
      pattern["default"] = (*value)->text();
    }
    return pattern;
  }
  json::object operator()(std::optional<ProxySettings>*) const { return {{"kind", "proxy"}}; }
  json::object operator()(std::optional<ListenAddress>*) const { return {{"kind", "listen"}}; }
  json::object operator()(std::bitset<7>*) const { return {{"kind", "days"}}; }
  json::object operator()(TimeZone*) const { return {{"kind", "time_zone"}}; }
  json::object operator()(std::vector<MaintenanceWindow>*) const { return {{"kind", "windows"}}; }
  json::object operator()(const Section& value) const {
    return {{"kind", value.list ? "list" : "map"}, {"keys", declared(value.keys())}};
  }
  json::object operator()(const EmptyMap&) const { return {{"kind", "empty"}}; }
};

}  // namespace

json::array declared(const Keys& keys) {
  json::array all;
  for (const Key& key : keys) {
    json::object described = std::visit(Described(), key.value);
    described["name"] = key.name;
    described["example"] = key.example;
    described["about"] = key.about;
    described["without"] = key.without;
    all.push_back(std::move(described));
  }
  return all;
}

std::map<std::string, json::value> values_of(const json::array& keys, const std::string& prefix) {
  std::map<std::string, json::value> values;
  for (const json::value& key : keys) {
    const std::string name = prefix + std::string(key.at("name").as_string());
    if (const auto* const below = key.as_object().if_contains("keys")) {
      values.merge(values_of(below->as_array(), name + "."));
    } else if (const auto* const value = key.as_object().if_contains("default")) {
      values[name] = *value;
    }
  }
  return values;
}

}  // namespace renewd::configuration
