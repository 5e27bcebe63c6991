#include "monitoring/markup.hpp"

#include <optional>

#include <fmt/format.h>

#include "core/text.hpp"
#include "monitoring/command_in_text.hpp"

namespace renewd::monitoring {
namespace {

constexpr std::string_view kSpace = " \n";
constexpr std::string_view kOpening = "(\"";

std::string_view taken(std::string_view& text, std::size_t length) {
  const std::string_view part = text.substr(0, length);
  text.remove_prefix(part.size());
  return part;
}

constexpr std::size_t kLongestUnbroken = 32;  // about a line of a telephone

// A name, an option or a path does not break at its hyphens and slashes, unless it is long.
std::string unbroken(std::string_view word) {
  const std::string html = html_escaped(word);
  const bool breaks = word.find_first_of("-/") != std::string_view::npos;
  return breaks && word.size() <= kLongestUnbroken ? fmt::format("<span class=\"w\">{}</span>", html) : html;
}

std::string code(std::string_view text) {
  return "<code>" + verbatim(text) + "</code>";
}

// What a text begins with, and how long that is.
struct Mark {
  std::string html;
  std::size_t length;
};

std::optional<Mark> time_at(std::string_view text) {
  constexpr std::size_t kLength = std::string_view("2026-11-23T19:30:00Z").size();
  constexpr std::string_view kZone = " UTC";
  std::string time(text.substr(0, kLength));
  if (time.size() == kLength && time.ends_with(kZone)) {
    time[10] = 'T';
    time.replace(time.size() - kZone.size(), kZone.size(), ":00Z");
  }
  const auto parsed = parse_time(time);
  return parsed ? std::optional(Mark{time_html(*parsed), kLength}) : std::nullopt;
}

std::optional<Mark> key_at(std::string_view text) {
  if (!text.starts_with('`')) {
    return std::nullopt;
  }
  const auto end = text.find_first_of("`\n", 1);
  if (end == std::string_view::npos || end == 1 || text[end] == '\n') {
    return std::nullopt;
  }
  return Mark{code(text.substr(1, end - 1)), end + 1};
}

std::optional<Mark> command_at(std::string_view text, std::string_view certificate) {
  const std::size_t length = command_length(text, certificate);
  return length == 0 ? std::nullopt : std::optional(Mark{code(text.substr(0, length)), length});
}

// Word by word: what a word begins with may be marked.
template <typename MarkAt>
std::string marked(std::string_view text, MarkAt mark_at) {
  std::string html;
  while (!text.empty()) {
    html += taken(text, text.find_first_not_of(kSpace));
    html += html_escaped(taken(text, text.find_first_not_of(kOpening)));
    if (const std::optional<Mark> mark = mark_at(text)) {
      html += mark->html;
      text.remove_prefix(mark->length);
    }
    html += unbroken(taken(text, text.find_first_of(kSpace)));
  }
  return html;
}

std::optional<Mark> time_or_key_at(std::string_view text) {
  const auto time = time_at(text);
  return time ? time : key_at(text);
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string html;
  for (const char c : escaped(text, "\n")) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string verbatim(std::string_view text) {
  return marked(text, [](std::string_view) { return std::optional<Mark>(); });
}

std::string prose(std::string_view text) {
  return marked(text, time_or_key_at);
}

std::string instruction(std::string_view text, std::string_view certificate) {
  return marked(text, [certificate](std::string_view rest) {
    const auto mark = time_or_key_at(rest);
    return mark ? mark : command_at(rest, certificate);
  });
}

std::string time_html(TimePoint time) {
  return fmt::format("<time>{} UTC</time>", format_minute(time));
}

}  // namespace renewd::monitoring
