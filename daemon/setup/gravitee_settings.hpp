// One gravitee.yml as Gravitee itself understands it (Spring's rules): nested and dotted keys are the same, later
// documents win over earlier ones, Java's system properties over the file, the environment over both, and
// ${placeholders} are replaced. No value is ever part of a message: it may be a password.
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
  // The origin of the next source that has another value, which does not count; empty when there is none.
  std::string overridden;
  // Why the value is not what Gravitee uses, or nobody here can tell; empty when it is good.
  std::string problem;
};

class GraviteeSettings {
 public:
  // An empty file is one without settings.
  static tl::expected<GraviteeSettings, configuration::Diagnostic> read(std::string_view yaml);

  // Where documents begin that are for a profile or platform alone (spring.config.activate): they are left out.
  const std::vector<int>& conditional_lines() const { return conditional_lines_; }

  // The properties that the gateway's JVM gets by -D.
  void set_properties(std::map<std::string, std::string> properties) { properties_ = std::move(properties); }
  // The environment that the gateway gets.
  void set_environment(std::map<std::string, std::string> environment) { environment_ = std::move(environment); }
  // ${gravitee.home}; without one it is a placeholder that nobody can resolve.
  void set_home(std::optional<std::filesystem::path> home) { home_ = std::move(home); }

  // A single value by its full name ("cockpit.keystore.path"); nothing when it is not set, empty, a map or a list.
  std::optional<Setting> find(std::string_view name) const;
  // The first key of a map by its full name; empty when there is none.
  std::string first_key_under(std::string_view name) const;

 private:
  struct Raw {
    std::string value;
    std::string origin;
    bool misread = false;  // YAML makes something else of it than what is written
  };
  struct Budget;

  // What each source says, the one that counts first.
  std::vector<Raw> find_all(std::string_view name) const;
  const configuration::YamlNode* find_node(std::string_view name) const;
  // An error is the reason why the text cannot be told.
  tl::expected<std::string, std::string> resolve(std::string_view text, Budget& budget) const;
  tl::expected<std::string, std::string> resolve_placeholder(std::string_view inner, Budget& budget) const;

  configuration::YamlDocuments documents_;
  std::vector<int> conditional_lines_;
  std::map<std::string, std::string> properties_;
  std::map<std::string, std::string> environment_;
  std::optional<std::filesystem::path> home_;
};

}  // namespace renewd::setup
