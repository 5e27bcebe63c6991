// Text that came from outside (a server, a certificate, a child process) and text that people read.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace renewd {

// Foreign text made safe for one line of a log or a terminal: the bytes of controls, of characters that are invisible
// or turn the direction of the text, and bytes that are not UTF-8 become \xNN; line breaks and tabs become a space,
// runs of spaces one; cut with "…" when longer than `limit` bytes of output. What is printable() already stays as it
// is.
std::string printable(std::string_view foreign, std::size_t limit = 200);

// The same escapes alone, for text on its way out of this process, which is neither cut nor laid out again: whoever
// made it should have called printable(). The characters in `kept` stay ("\n" where there may be several lines).
std::string escaped(std::string_view text, std::string_view kept = "");

// Without the spaces at both ends; `space` says which characters are some.
std::string_view trimmed(std::string_view text, std::string_view space = " \t\r\n\f");

// Well-formed (RFC 3629).
bool is_utf8(std::string_view text);

// Appends a character (up to U+10FFFF) as UTF-8; a surrogate becomes three bytes, like any other.
void append_utf8(std::string& out, std::uint32_t code);

// RFC 3339 in UTC with seconds ("2026-11-23T19:30:00Z").
std::string format_time(std::chrono::system_clock::time_point time);

// What format_time() wrote; nothing for any other text.
std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text);

// The two largest units, for people: "312 days", "11 h 5 min", "40 s"; a negative duration counts as zero.
std::string format_duration(std::chrono::seconds duration);

// The candidate that a person most likely meant by `word`, or an empty view when none is near (Damerau-Levenshtein
// distance of more than a third of the word).
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

// ASCII letters in lower case; other characters stay.
std::string lower_case(std::string_view text);

// Whether it is an ASCII letter, a digit, or one of `others`.
constexpr bool is_alphanumeric_or(char c, std::string_view others) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         others.find(c) != std::string_view::npos;
}

// "2026-11-24" and "2026-11-24 17:41", in UTC.
std::string format_day(std::chrono::system_clock::time_point time);
std::string format_minute(std::chrono::system_clock::time_point time);

}  // namespace renewd
