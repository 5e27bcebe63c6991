// The quoting of systemd: values of unit files and environment files, as systemd itself reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace renewd::setup {

// Splits at white space; quotes may stand anywhere in a word, and C's escapes are understood in and out of them
// (systemd.syntax(7), "Quoting"). Nothing when a quote is not closed or an escape is none: systemd then ignores the
// line.
std::optional<std::vector<std::string>> split_words(std::string_view text);

// %n, %N, %p, %i, %I and %% for a unit of that name (systemd.unit(5), "Specifiers"); nothing for any other one, which
// only systemd knows.
std::optional<std::string> expand_specifiers(std::string_view text, std::string_view unit);

// The variables of an EnvironmentFile= in order, as systemd.exec(5) reads them: not a shell, whose quoting differs.
std::vector<std::pair<std::string, std::string>> parse_environment_file(std::string_view text);

}  // namespace renewd::setup
