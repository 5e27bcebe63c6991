#include "configuration/secret_section.hpp"

#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "configuration/yaml_values.hpp"

namespace renewd::configuration {
namespace {

const KnownKeys kSecretKeys{.supported = {"file", "credential", "env", "value"}, .confidential = true};

std::optional<SecretSource> file_source(const YamlMap& secret) {
  std::filesystem::path path;
  read_absolute_path(secret, "file", path);
  if (path.empty()) {
    return std::nullopt;
  }
  return SecretSource{SecretSource::Kind::file, path.string(), {}};
}

std::optional<SecretSource> source_of(const YamlMap& secret, std::string_view kind) {
  if (kind == "file") {
    return file_source(secret);
  }
  const YamlNode& node = *secret.find(kind);
  const auto text = text_of(node, secret.name_of(kind), secret.sink());
  if (!text) {
    return std::nullopt;
  }
  if (kind == "value") {
    if (secret.sink().public_file()) {
      secret.sink().error(
          node.place, fmt::format("`{}` is a secret, and every user of this host may read this file; take that right "
                                  "away (chmod o= FILE), or write {{file: PATH}}",
                                  secret.name_of(kind)));
    }
    return SecretSource{SecretSource::Kind::value, {}, Secret(*text)};
  }
  if (kind == "env") {
    if (text->find('=') == std::string::npos) {
      return SecretSource{SecretSource::Kind::env, *text, {}};
    }
    secret.sink().error(node.place,
                        fmt::format("`{}` must be the name of a variable, without =", secret.name_of(kind)));
    return std::nullopt;
  }
  // systemd.exec(5): a credential's name is a file name.
  if (text->find('/') == std::string::npos && *text != "." && *text != "..") {
    return SecretSource{SecretSource::Kind::credential, *text, {}};
  }
  secret.sink().error(node.place,
                      fmt::format("`{}` must be the NAME of LoadCredential=NAME:PATH in the unit; for a path "
                                  "write {{file: PATH}}",
                                  secret.name_of(kind)));
  return std::nullopt;
}

}  // namespace

void read_secret_source(const YamlMap& map, std::string_view key, std::optional<SecretSource>& into) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    return;
  }
  if (node->kind != YamlNode::Kind::map) {
    map.sink().error(
        node->place,
        fmt::format("`{}` must be a map that says where the secret is: {{file: PATH}}, {{credential: NAME}}, "
                    "{{env: NAME}} or {{value: TEXT}}",
                    map.name_of(key)));
    return;
  }
  const auto secret = YamlMap::open(*node, map.name_of(key), kSecretKeys, map.sink());
  if (!secret) {
    return;
  }
  const auto sources = secret->present(kSecretKeys.supported);
  if (sources.size() == 1) {
    if (auto source = source_of(*secret, sources.front())) {
      into = std::move(source);
    }
    return;
  }
  if (sources.empty() && secret->mistypes(kSecretKeys.supported)) {
    return;
  }
  map.sink().error(node->place, fmt::format("`{}` must have exactly one of {}{}", map.name_of(key),
                                            enumerate(kSecretKeys.supported, "or"),
                                            sources.empty() ? "" : ", but has " + enumerate(sources, "and")));
}

}  // namespace renewd::configuration
