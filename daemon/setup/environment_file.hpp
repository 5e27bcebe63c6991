// Reads the files of EnvironmentFile= as systemd does.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace renewd::setup {

// The variables in file order (systemd.exec(5)). The quoting differs from a shell's.
std::vector<std::pair<std::string, std::string>> parse_environment_file(std::string_view text);

}  // namespace renewd::setup
