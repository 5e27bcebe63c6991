// Lines, quoting and expansion of unit files, as systemd reads them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace renewd::setup {

// The lines of a unit file (systemd.syntax(7)) without comments and empty lines. A backslash at the end of a line joins
// the next one with a space, also across comments.
std::vector<std::string> logical_lines(std::string_view text);

// Splits at white space. Quotes may be anywhere in a word, and C escapes are expanded inside and outside of quotes
// (systemd.syntax(7), "Quoting"). Nothing for an open quote or an invalid escape: systemd then ignores the line.
std::optional<std::vector<std::string>> split_words(std::string_view text);

// Expands the specifiers that depend only on the unit's name (systemd.unit(5), "Specifiers"); nothing for text with any
// other one.
std::optional<std::string> expand_specifiers(std::string_view text, std::string_view unit);

using Environment = std::map<std::string, std::string>;

// Empty when the variable is not set.
std::string value_of(const Environment& environment, const std::string& name);

// Expands the variables of a command (systemd.service(5), "Command lines"). The value of a word $NAME is split by
// split_words(); the value of ${NAME} is not split.
std::vector<std::string> expand_variables(const std::vector<std::string>& words, const Environment& environment);

}  // namespace renewd::setup
