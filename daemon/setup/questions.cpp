#include "setup/questions.hpp"

#include <utility>

#include <fmt/format.h>

#include "configuration/unit_names.hpp"
#include "core/text.hpp"

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
