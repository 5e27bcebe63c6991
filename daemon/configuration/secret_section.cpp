// Where a secret comes from: a map with one of `file`, `credential`, `env`, `value`. No message repeats anything from
// such a map.
#include <utility>

#include <fmt/format.h>

#include "configuration/secret_keys.hpp"
#include "configuration/values.hpp"

namespace renewd::configuration {
namespace {

// Nothing when the one that the map gives is wrong, which has been reported.
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

void read(const GivenValue& given, std::optional<SecretSource>* value) {
  if (given.node.kind != YamlNode::Kind::map) {
    given.refuse(
        "must be a map that says where the secret is: {file: PATH}, {credential: NAME}, {env: NAME} or {value: TEXT}");
    return;
  }
  SecretKeys keys;
  const auto map = read_section(given.map, given.key, keys.keys());
  if (!map) {
    return;
  }
  if (!keys.value.empty() && map->sink().is_world_readable()) {
    map->sink().error(map->find("value")->place,
                      fmt::format("`{}` is a secret, but every user of this host can read this file; run chmod o= "
                                  "FILE, or use {{file: PATH}}",
                                  map->name_of("value")));
  }
  if (auto source = source_of(keys)) {
    *value = std::move(source);
  }
}

}  // namespace renewd::configuration
