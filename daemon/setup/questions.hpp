// Questions to a person that are asked until the answer is good.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "setup/person.hpp"

namespace renewd::setup {

// An answer as it is used, or the end of a sentence that begins with "It".
using Answer = tl::expected<std::string, std::string>;
using Check = std::function<Answer(const std::string&)>;

// An empty answer is `otherwise`, if there is one. Nothing when the person went away.
std::optional<std::string> ask_until_good(Person& person, const std::string& question, const std::string& otherwise,
                                          const Check& check);

Answer absolute_path(const std::string& text);
// The absolute path of a file for a configuration, which is read again and again: there may be none yet, but no pipe,
// and nothing of this process alone, such as /dev/stdin.
Answer lasting_file(const std::string& text);
// A service's full name, or the word none.
Answer unit_or_none(const std::string& text);
Answer certificate_name(const std::string& text);

}  // namespace renewd::setup
