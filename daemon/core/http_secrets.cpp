#include "core/http_secrets.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kRest = "0123456789-._~+/";
constexpr std::string_view kSpace = " \t\r\n\f\v";

tl::unexpected<Error> refused(std::string why) {
  return failure(ErrorKind::unauthorized, std::move(why));
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20U || c == '\x7f';
}

// Characters that often get into text copied from a document or a web page.
std::string_view name_of(unsigned code) {
  static constexpr std::array<std::pair<unsigned, std::string_view>, 10> kNames{{{0x00A0, "no-break space"},
                                                                                 {0x00AD, "soft hyphen"},
                                                                                 {0x200B, "zero-width space"},
                                                                                 {0x2010, "hyphen"},
                                                                                 {0x2013, "dash"},
                                                                                 {0x2018, "quotation mark"},
                                                                                 {0x2019, "quotation mark"},
                                                                                 {0x201C, "quotation mark"},
                                                                                 {0x201D, "quotation mark"},
                                                                                 {0xFEFF, "byte order mark"}}};
  const auto* const found = std::ranges::find(kNames, code, &std::pair<unsigned, std::string_view>::first);
  return found == kNames.end() ? "" : found->second;
}

std::string describe_character(std::string_view text) {
  const char c = text.front();
  if (c == ' ') {
    return "a space";
  }
  if (is_control(c)) {
    return fmt::format("the control character 0x{:02x}", static_cast<unsigned char>(c));
  }
  if (static_cast<unsigned char>(c) < 0x80U) {
    return fmt::format("the character {}", c);
  }
  const auto code = first_code_point(text);
  if (!code) {
    return fmt::format("the byte 0x{:02x}", static_cast<unsigned char>(c));
  }
  const std::string_view name = name_of(*code);
  return fmt::format("the character U+{:04X}{}", static_cast<std::uint32_t>(*code),
                     name.empty() ? "" : fmt::format(" ({})", name));
}

bool begins_with_scheme(std::string_view text) {
  constexpr std::string_view kScheme = "bearer";
  return text.size() > kScheme.size() && kSpace.find(text[kScheme.size()]) != std::string_view::npos &&
         lower_case(text.substr(0, kScheme.size())) == kScheme;
}

// "Authorization: …", "token = …"
bool begins_with_name(std::string_view text) {
  const auto end = text.find_first_not_of(std::string(kLetters) + "_-");
  const auto mark = end == std::string_view::npos ? end : text.find_first_not_of(' ', end);
  return end != 0 && mark != std::string_view::npos && (text[mark] == ':' || text[mark] == '=');
}

// For common mistakes.
std::string_view advice(std::string_view text, std::size_t wrong) {
  if (text.front() == '"' || text.front() == '\'' || text.front() == '`') {
    return "it is in quotation marks; enter only the token itself";
  }
  if (begins_with_scheme(text)) {
    return "it begins with \"Bearer \"; remove that word, the daemon adds it";
  }
  if (text.front() == '{' || text.front() == '[') {
    return "it is JSON; enter only the token itself";
  }
  if (begins_with_name(text)) {
    return "it begins with a name; enter only the token itself, without the name";
  }
  return text[wrong] == '\n' || text[wrong] == '\r' ? "it must be on one line" : "";
}

// The position of the first invalid character; npos if there is none.
std::size_t find_wrong(std::string_view token) {
  const auto end = token.find_first_not_of(std::string(kLetters).append(kRest));
  if (end == std::string_view::npos || token[end] != '=' || end == 0) {
    return end;
  }
  // Padding is allowed only at the end.
  return token.find_first_not_of('=', end) == std::string_view::npos ? std::string_view::npos : end;
}

}  // namespace

Result<Secret> parse_token(std::string_view text) {
  const std::string_view token = trimmed(text, kSpace);
  if (token.empty()) {
    return refused("it is empty");
  }
  if (token.find_first_of(kSpace) == std::string_view::npos && begins_with_scheme(std::string(token) + ' ')) {
    return refused("it is only the word \"Bearer\"; enter the token itself, the daemon adds that word");
  }
  const auto wrong = find_wrong(token);
  if (wrong == std::string_view::npos) {
    return Secret(token);
  }
  // Line and column as an editor counts them: everything before the wrong character is ASCII.
  const std::string_view before = text.substr(0, static_cast<std::size_t>(token.data() - text.data()) + wrong);
  const auto lines = std::ranges::count(before, '\n');
  const auto start = before.rfind('\n');
  const std::size_t column = before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1;
  const bool line_break = token[wrong] == '\n' || token[wrong] == '\r';
  const std::string_view advised = advice(token, wrong);
  const std::string place = fmt::format("line {}, column {}: {}, which RFC 6750 forbids in a token", lines + 1, column,
                                        line_break ? "a line break" : describe_character(token.substr(wrong)));
  return refused(advised.empty() ? place + " (allowed: letters, digits, -._~+/ and = at the end)"
                                 : fmt::format("{} ({})", advised, place));
}

Result<Secret> read_token(const SecretSource& source) {
  return read_secret(source).and_then([&source](const Secret& secret) {
    return parse_token(secret.view()).map_error([&source](Error error) {
      return with_context("reading a secret from " + source.description(),
                          with_advice(std::move(error), "store the token alone in " + source.description()));
    });
  });
}

Result<Secret> read_basic_password(const SecretSource& source) {
  return read_secret(source).and_then([&source](Secret secret) -> Result<Secret> {
    const std::string_view text = secret.view();
    const auto* const wrong = std::ranges::find_if(text, is_control);
    if (wrong == text.end()) {
      return secret;
    }
    return failure(ErrorKind::unauthorized,
                   fmt::format("reading a secret from {}: byte {} is the control character 0x{:02x}, which HTTP Basic "
                               "authentication does not allow in a password (RFC 7617)",
                               source.description(), wrong - text.begin() + 1, static_cast<unsigned char>(*wrong)),
                   "store the password on one line in " + source.description());
  });
}

}  // namespace renewd
