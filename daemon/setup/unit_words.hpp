// The quoting of systemd: values of unit files, as systemd itself reads them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace renewd::setup {

// The lines of a unit file (systemd.syntax(7)), without comments and empty ones: a backslash at the end joins the next
// line with a space, comments between joined lines are left out.
std::vector<std::string> logical_lines(std::string_view text);

// Splits at white space; quotes may stand anywhere in a word, and C's escapes are understood in and out of them
// (systemd.syntax(7), "Quoting"). Nothing when a quote is not closed or an escape is none: systemd then ignores the
// line.
std::optional<std::vector<std::string>> split_words(std::string_view text);

// What a unit's name and the system's manager say (systemd.unit(5), "Specifiers"); nothing for a specifier that only
// systemd knows.
std::optional<std::string> expand_specifiers(std::string_view text, std::string_view unit);

using Environment = std::map<std::string, std::string>;

// Empty for a variable that is not set.
std::string value_of(const Environment& environment, const std::string& name);

// The words of a command with their variables (systemd.service(5), "Command lines"): a word $NAME becomes several, by
// the quoting of split_words; ${NAME} is a part of its word.
std::vector<std::string> expand_variables(const std::vector<std::string>& words, const Environment& environment);

}  // namespace renewd::setup
