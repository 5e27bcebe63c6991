// The files of EnvironmentFile=, as systemd itself reads them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace renewd::setup {

// The variables in order (systemd.exec(5)): not as a shell reads them, whose quoting differs.
std::vector<std::pair<std::string, std::string>> parse_environment_file(std::string_view text);

}  // namespace renewd::setup
