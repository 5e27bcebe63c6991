// Text for people, and foreign text: from a server, a certificate, a child process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace renewd {

// Makes foreign text safe for one line of a log or a terminal: control characters, invisible characters, those that
// change the text direction, and bytes that are not UTF-8 become \xNN; white space becomes a single space; text longer
// than `limit` bytes is cut and ends with "…". Applying it twice changes nothing.
std::string printable(std::string_view foreign, std::size_t limit = 200);

// Only the escapes of printable(), for all output of this process, in case printable() was forgotten. Does not escape
// the characters in `kept`, such as "\n".
std::string escaped(std::string_view text, std::string_view kept = "");

// Without the characters in `space` at both ends.
std::string_view trimmed(std::string_view text, std::string_view space = " \t\r\n\f");

// Well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);
// The character at the start of `text`; nothing if `text` is empty, or does not start with valid UTF-8.
std::optional<char32_t> first_code_point(std::string_view text);

// Appends a code point (up to U+10FFFF) as UTF-8. Encodes surrogates like other code points.
void append_utf8(std::string& out, std::uint32_t code);

// RFC 3339 in UTC with seconds ("2026-11-23T19:30:00Z").
std::string format_time(std::chrono::system_clock::time_point time);

// Accepts only the format of format_time().
std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text);

// The two largest units: "312 days", "11 h 5 min", "40 s". A negative duration counts as zero.
std::string format_duration(std::chrono::seconds duration);

// The candidate most similar to `word`, for "did you mean"; empty if none is similar (a Damerau-Levenshtein distance of
// at most a third of the word).
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

// ASCII only, independent of the locale.
char lower_case(char c);
std::string lower_case(std::string_view text);
std::string upper_case(std::string_view text);

constexpr bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
constexpr bool is_alphanumeric_or(char c, std::string_view others) {
  return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
}

// A word of a shell command, in quotes if it needs them.
std::string shell_quoted(std::string_view word);

// "2026-11-24" and "2026-11-24 17:41", in UTC.
std::string format_day(std::chrono::system_clock::time_point time);
std::string format_minute(std::chrono::system_clock::time_point time);

}  // namespace renewd
