// `validate`: whether a configuration file can be used, with every error at once.
#pragma once

#include <filesystem>
#include <ostream>

namespace renewd::commands {

// Exit status 0 or 2. The verdict goes to `out`, errors to `errors`.
int validate(const std::filesystem::path& file, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
