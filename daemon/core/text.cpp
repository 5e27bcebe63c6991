#include "core/text.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <boost/algorithm/string/replace.hpp>
#include <fmt/format.h>

namespace renewd {
namespace {

// The length of the well-formed UTF-8 sequence at the start of `text`, or 0 (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) {
      return 0;
    }
  }
  const bool overlong_or_surrogate = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
                                     (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
  return overlong_or_surrogate ? 0 : length;
}

// Invisible characters that may change how the rest appears: Unicode's general categories Cc (controls), Cf (formats
// such as the text direction), Zl and Zp (line and paragraph separators), and Default_Ignorable_Code_Point. Unicode 14,
// in ascending order.
struct CodePoints {
  char32_t first;
  char32_t last;
};
constexpr std::array kUnprintable{
    CodePoints{0x0000, 0x001F},   CodePoints{0x007F, 0x009F},   CodePoints{0x00AD, 0x00AD},
    CodePoints{0x034F, 0x034F},   CodePoints{0x0600, 0x0605},   CodePoints{0x061C, 0x061C},
    CodePoints{0x06DD, 0x06DD},   CodePoints{0x070F, 0x070F},   CodePoints{0x0890, 0x0891},
    CodePoints{0x08E2, 0x08E2},   CodePoints{0x115F, 0x1160},   CodePoints{0x17B4, 0x17B5},
    CodePoints{0x180B, 0x180F},   CodePoints{0x200B, 0x200F},   CodePoints{0x2028, 0x202E},
    CodePoints{0x2060, 0x206F},   CodePoints{0x3164, 0x3164},   CodePoints{0xFE00, 0xFE0F},
    CodePoints{0xFEFF, 0xFEFF},   CodePoints{0xFFA0, 0xFFA0},   CodePoints{0xFFF0, 0xFFFB},
    CodePoints{0x110BD, 0x110BD}, CodePoints{0x110CD, 0x110CD}, CodePoints{0x13430, 0x13438},
    CodePoints{0x1BCA0, 0x1BCA3}, CodePoints{0x1D173, 0x1D17A}, CodePoints{0xE0000, 0xE0FFF}};

bool is_unprintable(char32_t value) {
  const auto found = std::lower_bound(kUnprintable.begin(), kUnprintable.end(), value,
                                      [](const CodePoints& range, char32_t wanted) { return range.last < wanted; });
  return found != kUnprintable.end() && found->first <= value;
}

// How many characters at the start of `text` are ASCII that is printed as it is. Nearly all text is nothing else.
std::size_t plain_ascii(std::string_view text) {
  return static_cast<std::size_t>(std::find_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }) -
                                  text.begin());
}

// Removes the next character from `text` and returns it, or its bytes as \xNN.
std::string take_printable(std::string_view& text) {
  const std::size_t length = utf8_sequence(text);
  const std::string_view bytes = text.substr(0, std::max<std::size_t>(length, 1));
  text.remove_prefix(bytes.size());
  if (length != 0 && !is_unprintable(*first_code_point(bytes))) {
    return std::string(bytes);
  }
  std::string escaped;
  for (const char byte : bytes) {
    escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  }
  return escaped;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    d[i][0] = i;
  }
  for (std::size_t j = 0; j <= b.size(); ++j) {
    d[0][j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string printable(std::string_view foreign, std::size_t limit) {
  std::string out;
  bool space_pending = false;
  while (!foreign.empty()) {
    const char c = foreign.front();
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
      space_pending = !out.empty();
      foreign.remove_prefix(1);
      continue;
    }
    std::string piece = take_printable(foreign);
    if (space_pending) {
      piece.insert(0, " ");
      space_pending = false;
    }
    if (out.size() + piece.size() > limit) {
      out += "…";
      break;
    }
    out += piece;
  }
  return out;
}

std::string escaped(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (const std::size_t plain = plain_ascii(text); plain > 0) {
      out += text.substr(0, plain);
      text.remove_prefix(plain);
    } else if (kept.find(text.front()) != std::string_view::npos) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += take_printable(text);
    }
  }
  return out;
}

std::string_view trimmed(std::string_view text, std::string_view space) {
  const auto first = text.find_first_not_of(space);
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(space) - first + 1);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

std::optional<char32_t> first_code_point(std::string_view text) {
  const std::size_t length = text.empty() ? 0 : utf8_sequence(text);
  if (length <= 1) {
    return length == 0 ? std::nullopt : std::optional<char32_t>(text.front());
  }
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  char32_t value = byte(0) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    value = value << 6U | (byte(i) & 0x3FU);
  }
  return value;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0U | code >> 6U);
    byte(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0U | code >> 12U);
    byte(0x80U | (code >> 6U & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  } else {
    byte(0xF0U | code >> 18U);
    byte(0x80U | (code >> 12U & 0x3FU));
    byte(0x80U | (code >> 6U & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  }
}

std::string format_time(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) {
    return "(invalid time)";
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text) {
  const std::string terminated(text);
  std::tm parts{};
  const char* const end = ::strptime(terminated.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') {
    return std::nullopt;
  }
  const std::chrono::seconds seconds(::timegm(&parts));
  // The clock counts nanoseconds in 64 bits, which does not reach the year 9999.
  using Clock = std::chrono::system_clock;
  if (seconds > std::chrono::floor<std::chrono::seconds>(Clock::time_point::max().time_since_epoch()) ||
      seconds < std::chrono::ceil<std::chrono::seconds>(Clock::time_point::min().time_since_epoch())) {
    return std::nullopt;
  }
  const Clock::time_point time(seconds);
  // strptime() also accepts shorter numbers and spaces.
  return format_time(time) == text ? std::optional(time) : std::nullopt;
}

std::string format_duration(std::chrono::seconds duration) {
  const auto total = std::max<std::chrono::seconds::rep>(duration.count(), 0);
  struct Unit {
    std::chrono::seconds::rep seconds;
    std::string_view one;
    std::string_view many;
  };
  static constexpr std::array<Unit, 4> kUnits{
      {{86400, "day", "days"}, {3600, "h", "h"}, {60, "min", "min"}, {1, "s", "s"}}};
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    const auto count = total / kUnits[i].seconds;
    if (count == 0 && i + 1 < kUnits.size()) {
      continue;
    }
    std::string text = fmt::format("{} {}", count, count == 1 ? kUnits[i].one : kUnits[i].many);
    // With three days or more, the hours do not matter.
    if (i + 1 < kUnits.size() && !(i == 0 && count >= 3)) {
      const auto rest = total % kUnits[i].seconds / kUnits[i + 1].seconds;
      if (rest != 0) {
        text += fmt::format(" {} {}", rest, rest == 1 ? kUnits[i + 1].one : kUnits[i + 1].many);
      }
    }
    return text;
  }
  return "0 s";
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return lower_case(c); });
  return lower;
}

std::string format_day(std::chrono::system_clock::time_point time) {
  return format_time(time).substr(0, 10);
}

std::string format_minute(std::chrono::system_clock::time_point time) {
  std::string text = format_time(time).substr(0, 16);
  std::ranges::replace(text, 'T', ' ');
  return text;
}

std::string upper_case(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return upper;
}

std::string shell_quoted(std::string_view word) {
  const bool plain = std::ranges::all_of(word, [](char c) { return is_alphanumeric_or(c, "-_./@:+=,"); });
  return plain && !word.empty() ? std::string(word)
                                : "'" + boost::replace_all_copy(std::string(word), "'", "'\\''") + "'";
}

}  // namespace renewd
