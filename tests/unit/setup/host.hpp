// A host under a temporary root, for the tests of this folder.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/filesystem.hpp"
#include "setup/host_files.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::testing {

inline constexpr std::string_view kGatewayHome = "/opt/graviteeio/apim/gateway";
inline constexpr std::string_view kGatewayFile = "/opt/graviteeio/apim/gateway/config/gravitee.yml";
inline constexpr std::string_view kGatewayUnit = "graviteeio-apim-gateway.service";

class SurveyedHost {
 public:
  void write(std::string_view path, std::string_view text) const {
    std::filesystem::create_directories((root_ / path.substr(1)).parent_path());
    write_file(root_ / path.substr(1), text);
  }
  void link(std::string_view target, std::string_view path) const {
    std::filesystem::create_directories((root_ / path.substr(1)).parent_path());
    std::filesystem::create_symlink(target, root_ / path.substr(1));
  }
  // The unit of Gravitee's packages, and a drop-in.
  void write_stock_unit(std::string_view name = kGatewayUnit, std::string_view home = kGatewayHome) const {
    write("/usr/lib/systemd/system/" + std::string(name),
          "[Unit]\nDescription=Gravitee.io\n\n[Service]\nType=simple\nUser=gravitee\nExecStart=" + std::string(home) +
              "/bin/gravitee\nExecReload=/bin/kill -s HUP $MAINPID\n\n[Install]\nWantedBy=multi-user.target\n");
  }
  void write_drop_in(std::string_view lines) const {
    write("/etc/systemd/system/" + std::string(kGatewayUnit) + ".d/override.conf", "[Service]\n" + std::string(lines));
  }

  const setup::HostFiles& files() const { return files_; }
  const Filesystem& filesystem() const { return filesystem_; }
  std::filesystem::path operator/(std::string_view path) const { return root_ / path; }
  const std::filesystem::path& root() const { return root_.path(); }

 private:
  TemporaryDirectory root_;
  PosixFilesystem filesystem_;
  setup::HostFiles files_{filesystem_, root_.path()};
};

}  // namespace renewd::testing
