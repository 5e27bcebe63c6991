// Where Gravitee's programs are: the locations of its packages, and the units that start one anywhere else.
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

// Where Gravitee's packages install a component (the homes are links to a versioned directory), and the file that
// overrides the one in its home.
struct Component {
  std::string_view name;
  std::string_view home;
  std::string_view overriding_file;
  int technical_port;
};
inline constexpr std::array<Component, 4> kComponents{{
    {"apim-gateway", "/opt/graviteeio/apim/gateway", "/etc/gravitee-gateway/gravitee.yml", 18082},
    {"apim-rest-api", "/opt/graviteeio/apim/rest-api", "/etc/gravitee-management/gravitee.yml", 18083},
    {"am-gateway", "/opt/graviteeio/am/gateway", "", 18092},
    {"am-management-api", "/opt/graviteeio/am/management-api", "", 18093},
}};

// A unit with the home, gravitee.yml and system properties of its program.
struct GraviteeUnit : ServiceUnit {
  std::filesystem::path home;
  std::filesystem::path file;
  std::map<std::string, std::string> properties;
};

// The gravitee.yml that the launcher of a home uses by default: the one in /etc, if it exists.
std::filesystem::path file_of_home(const HostFiles& files, const std::filesystem::path& home);

// The component with this home, or null.
const Component* component_at(const HostFiles& files, const std::filesystem::path& home);

// The units with $GRAVITEE_HOME, a Java system property of Gravitee, or the launcher HOME/bin/gravitee.
std::vector<GraviteeUnit> find_gravitee_units(const HostFiles& files);

}  // namespace renewd::setup
