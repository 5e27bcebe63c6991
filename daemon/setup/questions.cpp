#include "setup/questions.hpp"

#include <sys/stat.h>

#include <utility>

#include <fmt/format.h>

#include "configuration/unit_names.hpp"
#include "core/text.hpp"
#include "core/whole_file.hpp"

namespace renewd::setup {

std::optional<std::string> ask_until_good(Person& person, const std::string& question, const std::string& otherwise,
                                          const Check& check) {
  const std::string prompt =
      otherwise.empty() ? question + ": " : fmt::format("{} [{}]: ", question, printable(otherwise, 500));
  while (true) {
    const auto answer = person.ask(prompt);
    if (!answer) {
      return std::nullopt;
    }
    auto accepted = check(answer->empty() ? otherwise : *answer);
    if (accepted) {
      return std::move(*accepted);
    }
    person.tell("  It " + accepted.error() + ".");
  }
}

Answer absolute_path(const std::string& text) {
  return text.starts_with('/') ? Answer(text) : tl::unexpected(std::string("must be an absolute path"));
}

Answer lasting_file(const std::string& text) {
  if (auto path = absolute_path(text); !path) {
    return path;
  }
  struct stat status{};
  const std::string_view kind = ::stat(text.c_str(), &status) == 0 ? special_kind(status.st_mode) : "";
  const std::string path = printable(text, 500);
  constexpr std::string_view kAdvice = "name a file that stays, such as one in /etc/gravitee-renewd";
  if (!kind.empty()) {
    return tl::unexpected(fmt::format("must be a regular file, which the daemon reads at each use, and {} is {}; {}",
                                      path, kind, kAdvice));
  }
  if (text.starts_with("/dev/") || text.starts_with("/proc/")) {
    return tl::unexpected(fmt::format("must still be there when the daemon runs, and {} will not; {}", path, kAdvice));
  }
  return text;
}

Answer unit_or_none(const std::string& text) {
  if (text == "none" || configuration::is_unit_name(text)) {
    return text;
  }
  return tl::unexpected(std::string("must be a unit's full name, such as graviteeio-apim-gateway.service"));
}

Answer certificate_name(const std::string& text) {
  if (text.empty() || text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) {
    return tl::unexpected(std::string("must be of the characters a-z, 0-9 and -"));
  }
  return text;
}

}  // namespace renewd::setup
