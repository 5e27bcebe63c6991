// Where Gravitee's programs are: the places of its packages, and the units that start one wherever it is.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "setup/host_files.hpp"
#include "setup/unit_files.hpp"

namespace renewd::setup {

// Where Gravitee's packages put a component (the homes are links to a versioned directory), and the file that wins
// over the one in its home.
struct Component {
  std::string_view name;
  std::string_view home;
  std::string_view winning_file;
  int technical_port;
};
inline constexpr std::array<Component, 4> kComponents{{
    {"apim-gateway", "/opt/graviteeio/apim/gateway", "/etc/gravitee-gateway/gravitee.yml", 18082},
    {"apim-rest-api", "/opt/graviteeio/apim/rest-api", "/etc/gravitee-management/gravitee.yml", 18083},
    {"am-gateway", "/opt/graviteeio/am/gateway", "", 18092},
    {"am-management-api", "/opt/graviteeio/am/management-api", "", 18093},
}};

// A unit, and the home, gravitee.yml and system properties that its program uses.
struct GraviteeUnit : ServiceUnit {
  std::filesystem::path home;
  std::filesystem::path file;
  std::map<std::string, std::string> properties;
};

// The gravitee.yml that the launcher of a home takes, unless it is told another: the one in /etc, where it is there.
std::filesystem::path file_of_home(const HostFiles& files, const std::filesystem::path& home);

// The component that has this home, or null.
const Component* component_at(const HostFiles& files, const std::filesystem::path& home);

// Those that $GRAVITEE_HOME, a system property of Java or the launcher HOME/bin/gravitee makes Gravitee's.
std::vector<GraviteeUnit> find_gravitee_units(const HostFiles& files);

}  // namespace renewd::setup
