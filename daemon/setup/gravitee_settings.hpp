// One gravitee.yml, read as Gravitee does (Spring's rules): nested and dotted keys are equivalent, later documents
// override earlier ones, Java's system properties override the file, the environment overrides both, and
// ${placeholders} are replaced. No message contains a value: it may be a password.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "configuration/yaml_document.hpp"

namespace renewd::setup {

struct Setting {
  std::string value;
  // "line 12", "the system property a.b", or "the variable gravitee_…"
  std::string origin;
  // The origin of the next source with a different value, which this one overrides; empty when there is none.
  std::string overridden;
  // Why the value that Gravitee uses differs or is unknown; empty when the value is right.
  std::string problem;
};

class GraviteeSettings {
 public:
  // An empty file has no settings.
  static tl::expected<GraviteeSettings, configuration::Diagnostic> read(std::string_view yaml);

  // The first lines of documents for a certain profile or platform (spring.config.activate), which are skipped.
  const std::vector<int>& conditional_lines() const { return conditional_lines_; }

  // Of the gateway's JVM (-D).
  void set_properties(std::map<std::string, std::string> properties) { properties_ = std::move(properties); }
  // Of the gateway.
  void set_environment(std::map<std::string, std::string> environment) { environment_ = std::move(environment); }
  // ${gravitee.home}; without a home, this placeholder cannot be resolved.
  void set_home(std::optional<std::filesystem::path> home) { home_ = std::move(home); }

  // A scalar by its full name ("cockpit.keystore.path"); nothing when it is not set, empty, a map or a list.
  std::optional<Setting> find(std::string_view name) const;
  // The region of Gravitee Cloud ("eu"), from the hosts REGION.cloud.gravitee.io and REGION.cloudgate.gravitee.io in
  // any value; empty when there is none, or more than one.
  std::string cloud_region() const;
  // The first key of a map; empty when there is none.
  std::string first_key_under(std::string_view name) const;

 private:
  struct Source {
    std::string value;
    std::string origin;
    bool misread = false;  // YAML reads a value that differs from the text
  };
  struct Budget;

  // By descending priority.
  std::vector<Source> find_all(std::string_view name) const;
  const configuration::YamlNode* find_node(std::string_view name) const;
  // The error is the reason why a placeholder cannot be resolved.
  tl::expected<std::string, std::string> resolve(std::string_view text, Budget& budget) const;
  tl::expected<std::string, std::string> resolve_placeholder(std::string_view inner, Budget& budget) const;

  configuration::YamlDocuments documents_;
  std::vector<int> conditional_lines_;
  std::map<std::string, std::string> properties_;
  std::map<std::string, std::string> environment_;
  std::optional<std::filesystem::path> home_;
};

}  // namespace renewd::setup
