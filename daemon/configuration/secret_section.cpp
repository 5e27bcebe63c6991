// Where a secret comes from: a map with one of `file`, `credential`, `env`, `value`. Nothing that stands in such a map
// is ever part of a message.
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "configuration/secret_keys.hpp"
#include "configuration/values.hpp"

namespace renewd::configuration {
namespace {

// The one that the map gives; nothing when that is wrong, which is reported.
std::optional<SecretSource> source_of(const SecretKeys& given) {
  using enum SecretSource::Kind;
  for (const auto& [kind, name] :
       {std::pair(file, given.file.string()), {credential, given.credential}, {env, given.env}}) {
    if (!name.empty()) {
      return SecretSource{kind, name, {}};
    }
  }
  return given.value.empty() ? std::nullopt : std::optional(SecretSource{value, {}, Secret(given.value)});
}

}  // namespace

void read(const Given& given, std::optional<SecretSource>* value) {
  if (given.node.kind != YamlNode::Kind::map) {
    given.refuse(
        "must be a map that says where the secret is: {file: PATH}, {credential: NAME}, {env: NAME} or {value: TEXT}");
    return;
  }
  SecretKeys keys;
  const auto map = read_map(given.node, given.map.name_of(given.key), keys.keys(), given.map.sink());
  if (!map) {
    return;
  }
  const std::vector<std::string_view> kinds{"file", "credential", "env", "value"};
  const auto sources = map->present(kinds);
  if (sources.size() != 1) {
    if (!sources.empty() || !map->mistypes(kinds)) {
      given.refuse(fmt::format("must have exactly one of {}{}", enumerate(kinds, "or"),
                               sources.empty() ? "" : ", but has " + enumerate(sources, "and")));
    }
    return;
  }
  if (!keys.value.empty() && map->sink().public_file()) {
    map->sink().error(map->find("value")->place,
                      fmt::format("`{}` is a secret, and every user of this host may read this file; take that right "
                                  "away (chmod o= FILE), or write {{file: PATH}}",
                                  map->name_of("value")));
  }
  if (auto source = source_of(keys)) {
    *value = std::move(source);
  }
}

}  // namespace renewd::configuration
