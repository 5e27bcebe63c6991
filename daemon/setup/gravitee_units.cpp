#include "setup/gravitee_units.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "setup/unit_words.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

// The value of a Java system property among the words of a command line.
std::optional<fs::path> system_property(const std::vector<std::string>& words, std::string_view name) {
  const std::string prefix = fmt::format("-D{}=", name);
  std::optional<fs::path> value;
  for (const std::string& word : words) {
    if (word.starts_with(prefix)) {
      value = word.substr(prefix.size());
    }
  }
  return value;
}

// Nothing for a unit that is not Gravitee's.
std::optional<GraviteeUnit> as_gravitee(ServiceUnit unit) {
  std::vector<std::string> words = unit.command;
  if (const auto options = unit.environment.find("JAVA_OPTS"); options != unit.environment.end()) {
    const auto more = split_words(options->second).value_or(std::vector<std::string>());
    words.insert(words.end(), more.begin(), more.end());
  }
  fs::path home;
  const fs::path program = unit.command.empty() ? fs::path() : fs::path(unit.command.front());
  if (const auto set = unit.environment.find("GRAVITEE_HOME"); set != unit.environment.end()) {
    home = set->second;
  } else if (const auto property = system_property(words, "gravitee.home")) {
    home = *property;
  } else if (program.filename() == "gravitee" && program.parent_path().filename() == "bin") {
    home = program.parent_path().parent_path();
  } else if (fs::path(unit.working_directory).is_absolute() &&
             std::any_of(words.begin(), words.end(),
                         [](const std::string& word) { return word.find("gravitee") != std::string::npos; })) {
    home = unit.working_directory;
  }
  if (!home.is_absolute()) {
    return std::nullopt;
  }
  return GraviteeUnit{std::move(unit), home.lexically_normal(), system_property(words, "gravitee.conf")};
}

}  // namespace

std::vector<GraviteeUnit> find_gravitee_units(const HostFiles& files) {
  std::vector<GraviteeUnit> units;
  for (ServiceUnit& unit : read_service_units(files)) {
    if (auto found = as_gravitee(std::move(unit))) {
      units.push_back(std::move(*found));
    }
  }
  return units;
}

}  // namespace renewd::setup
