#include "setup/prompt.hpp"

#include <sys/stat.h>

#include <utility>

#include <fmt/format.h>

#include "configuration/names.hpp"
#include "core/text.hpp"
#include "core/whole_file.hpp"
#include "setup/host_files.hpp"

namespace renewd::setup {

Answered<void> NonInteractivePrompt::reject(std::string reason) {
  add_once(reasons_, std::move(reason));
  return {};
}

Answered<void> NonInteractivePrompt::check_complete() const {
  if (reasons_.empty()) {
    return {};
  }
  return tl::unexpected(Incomplete{"values are missing or wrong, and there is no terminal to ask for them:", reasons_});
}

Validated<std::string> absolute_path(const std::string& text) {
  if (!is_utf8(text)) {
    return tl::unexpected(std::string("must be UTF-8, because the configuration is"));
  }
  return text.starts_with('/') ? Validated<std::string>(text) : tl::unexpected(std::string("must be an absolute path"));
}

Validated<std::string> permanent_file(const std::string& text) {
  if (auto path = absolute_path(text); !path) {
    return path;
  }
  struct stat status{};
  const std::string_view kind = ::stat(text.c_str(), &status) == 0 ? special_kind(status.st_mode) : "";
  constexpr std::string_view kAdvice = "use a permanent file, for example in /etc/gravitee-renewd";
  if (!kind.empty()) {
    return tl::unexpected(
        fmt::format("must be a regular file, because the daemon reads it at each use, but {} is {}; {}", shown(text),
                    kind, kAdvice));
  }
  if (text.starts_with("/dev/") || text.starts_with("/proc/")) {
    return tl::unexpected(fmt::format("must exist when the daemon runs, but {} will not; {}", shown(text), kAdvice));
  }
  return text;
}

Validated<std::string> full_unit_name(const std::string& text) {
  if (configuration::is_unit_name(text)) {
    return text;
  }
  return tl::unexpected(std::string("must be the full name of a unit, such as graviteeio-apim-gateway.service"));
}

}  // namespace renewd::setup
