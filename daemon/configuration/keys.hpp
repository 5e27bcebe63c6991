// The declaration of a configuration key. Each key is declared once, beside the member that it fills (settings.hpp and
// *_settings.hpp), whose initial value is the default. The loader reads by the declarations; the JSON Schema, the
// tables of docs/configuration.md, the key list of gravitee-renewd.yaml(5) and config/config.yaml are generated from
// them (tests/docs/keys.py).
#pragma once

#include <bitset>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/pattern.hpp"
#include "core/secret.hpp"
#include "core/time_zone.hpp"

namespace renewd::configuration {

using std::chrono::seconds;

struct Key;
struct MaintenanceWindow;
using Keys = std::vector<Key>;

// A part of the certificate's lifetime, 0 < value < 1.
struct LifetimeShare {
  double value;

  bool operator==(const LifetimeShare&) const = default;
};
// How long before expiry the renewal window opens.
using RenewBefore = std::variant<seconds, LifetimeShare>;

struct ProxySettings {
  std::string host;
  std::uint16_t port;
  std::string user;  // empty: no authentication

  bool operator==(const ProxySettings&) const = default;
};

struct TcpAddress {
  std::string address;  // IPv4 or IPv6, never a name, without brackets
  std::uint16_t port;
};
// A port of this host, or the absolute path of a unix socket.
using ListenAddress = std::variant<TcpAddress, std::filesystem::path>;

// The kinds of values, each with the member that it fills. They point into the settings, which must not move.
struct Duration {
  seconds* into;
  seconds at_least{1};  // and at most a year
};
struct Count {
  unsigned* into;
  unsigned at_least;
  unsigned at_most;
};
// "HH:MM"
struct TimeOfDay {
  std::chrono::minutes* into;
  std::chrono::minutes latest;
};
// One of several words, each of which stands for an enumerator.
struct Choice {
  template <typename Enum>
  Choice(Enum& into, const std::vector<std::pair<std::string_view, Enum>>& choices)
      : choose([&into, choices](std::size_t index) { into = choices[index].second; }) {
    for (const auto& [word, choice] : choices) {
      now = choice == into ? word : now;
      words.push_back(word);
    }
  }
  std::vector<std::string_view> words;
  std::string_view now;
  std::function<void(std::size_t)> choose;
};
struct AbsolutePath {
  template <typename Path>
  explicit AbsolutePath(Path& into) : set([&into](std::filesystem::path path) { into = std::move(path); }) {
    if constexpr (std::same_as<Path, std::filesystem::path>) {
      now = into;
    } else if constexpr (std::same_as<Path, std::optional<std::filesystem::path>>) {
      now = into.value_or(now);
    }
  }
  std::filesystem::path now;
  std::function<void(std::filesystem::path)> set;
};
enum class TextKind { secret, name, account_url, probe_url, user_name, credential, variable, etcd_prefix, host_name };
struct Text {
  std::string* into;
  TextKind kind;
};
struct OptionalText {
  std::optional<std::string>* into;
  TextKind kind;
};
// The full name of a service.
struct UnitName {
  explicit UnitName(std::vector<std::string>& into) : set([&into](std::string name) { into = {std::move(name)}; }) {}
  explicit UnitName(std::variant<std::string, std::filesystem::path>& into)
      : set([&into](std::string name) { into = std::move(name); }) {}
  std::function<void(std::string)> set;
};
enum class ListKind { units, command, endpoints };
struct Texts {
  std::vector<std::string>* into;
  ListKind kind;
};
// A signal's number.
struct Signal {
  int* into;
};
// A map with keys of its own, or a list of such maps, which the code of its section reads. The keys point into the
// settings, or into defaults where nothing is configured.
struct Section {
  std::function<Keys()> keys;
  bool list = false;
};
struct EmptyMap {};
using Value = std::variant<Duration, RenewBefore*, Count, bool*, TimeOfDay, Choice, AbsolutePath, Text, OptionalText,
                           UnitName, Texts, Signal, std::optional<SecretSource>*, std::optional<Pattern>*,
                           std::optional<ProxySettings>*, std::optional<ListenAddress>*, std::bitset<7>*, TimeZone*,
                           std::vector<MaintenanceWindow>*, Section, EmptyMap>;

// Of keys without a default: the key is required; or exactly one of the map's keys with this mark is.
inline constexpr std::string_view kRequired = "required";
inline constexpr std::string_view kOneOfThese = "one of these";

struct Key {
  std::string_view name;
  Value value;
  std::string_view example;  // in YAML
  // A sentence or two for all documents. Backticks enclose literals and full names of keys.
  std::string_view about;
  // For a key without a default: kRequired, kOneOfThese, or a few words about what happens without it.
  std::string_view without = "none";
};

template <typename Settings>
Keys keys_by_default() {
  static Settings defaults;
  return defaults.keys();
}

template <typename Settings>
Section section(Settings& settings) {
  return {[&settings] { return settings.keys(); }};
}

template <typename Settings>
Section section(std::optional<Settings>& settings) {
  return {[&settings] { return settings ? settings->keys() : keys_by_default<Settings>(); }};
}

// One alternative of several.
template <typename Settings, typename... Kinds>
Section section(std::variant<Kinds...>& settings) {
  return {[&settings] {
    auto* const chosen = std::get_if<Settings>(&settings);
    return chosen != nullptr ? chosen->keys() : keys_by_default<Settings>();
  }};
}

template <typename Settings>
Section list_of(std::vector<Settings>& settings) {
  return {[&settings] { return settings.empty() ? keys_by_default<Settings>() : settings.front().keys(); }, true};
}

}  // namespace renewd::configuration
