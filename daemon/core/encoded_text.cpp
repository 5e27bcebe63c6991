#include "core/encoded_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "core/text.hpp"

namespace renewd {
namespace {

// Limits the time for text that was encoded many times on purpose.
constexpr int kMaxRounds = 8;
constexpr std::size_t kMaxEscapeLength = 16;  // with leading zeros

struct Escape {
  std::size_t length = 0;  // 0: not an escape
  char character = ' ';    // a space stands for everything outside of ASCII
};

char character(unsigned code) {
  return code < 0x80 ? static_cast<char>(code) : ' ';
}

std::optional<unsigned> number(std::string_view digits, int base) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  const bool whole = !digits.empty() && error == std::errc() && end == digits.data() + digits.size();
  return whole ? std::optional(value) : std::nullopt;
}

// The number of digits at the start of `text`.
std::size_t count_digits(std::string_view text, int base) {
  const auto other = std::ranges::find_if(text.substr(0, std::min(text.size(), kMaxEscapeLength)),
                                          [base](char c) { return !number({&c, 1}, base); });
  return static_cast<std::size_t>(other - text.begin());
}

// `prefix`, followed by `digits` hexadecimal digits.
Escape fixed(std::string_view text, std::string_view prefix, std::size_t digits) {
  if (!text.starts_with(prefix) || text.size() < prefix.size() + digits) {
    return {};
  }
  const auto code = number(text.substr(prefix.size(), digits), 16);
  return code ? Escape{prefix.size() + digits, character(*code)} : Escape{};
}

// "&#97;", "&#x61;", also without the semicolon.
Escape numeric_entity(std::string_view text) {
  const bool hexadecimal = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
  const std::size_t start = hexadecimal ? 3 : 2;
  const int base = hexadecimal ? 16 : 10;
  const std::string_view digits = text.substr(std::min(start, text.size()));
  const std::size_t count = count_digits(digits, base);
  const auto code = number(digits.substr(0, count), base);
  if (!code) {
    return {};
  }
  const bool closed = digits.size() > count && digits[count] == ';';
  return {start + count + (closed ? 1 : 0), character(*code)};
}

// Letters and digits have no named entities; of the others, only those that begin escapes or markup matter.
Escape named_entity(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 7> kNames{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"num", '#'}, {"percnt", '%'}, {"bsol", '\\'}, {"semi", ';'}}};
  const auto end = text.substr(0, kMaxEscapeLength).find(';');
  if (end == std::string_view::npos || end < 2 || !std::ranges::all_of(text.substr(1, end - 1), is_letter_or_digit)) {
    return {};
  }
  const auto* const known =
      std::ranges::find(kNames, text.substr(1, end - 1), &std::pair<std::string_view, char>::first);
  return {end + 1, known == kNames.end() ? ' ' : known->second};
}

// As in JSON, or as many programs print strings.
Escape backslash(std::string_view text) {
  if (const Escape unicode = fixed(text, "\\u", 4); unicode.length != 0) {
    return unicode;
  }
  if (text.size() > 1 && std::string_view("bfnrtv").find(text[1]) != std::string_view::npos) {
    return {2, ' '};
  }
  return fixed(text, "\\x", 2);
}

Escape escape_at(std::string_view text) {
  switch (text.front()) {
    case '%':
      return fixed(text, "%", 2);
    case '\\':
      return backslash(text);
    case '&':
      return text.substr(1).starts_with('#') ? numeric_entity(text) : named_entity(text);
    default:
      return {};
  }
}

bool begins_tag(std::string_view text) {
  return text.size() > 1 && text[0] == '<' && (is_letter_or_digit(text[1]) || text[1] == '/' || text[1] == '!');
}

}  // namespace

std::string letters_and_digits(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());  // `text` may be a secret: a reallocation would leave a copy behind
  std::ranges::copy_if(text, std::back_inserter(kept), is_letter_or_digit);
  std::ranges::transform(kept, kept.begin(), [](char c) { return lower_case(c); });
  return kept;
}

EncodedText::EncodedText(std::string_view original) {
  from_.reserve(original.size());
  for (std::size_t i = 0; i < original.size(); ++i) {
    add(original[i], {i, i + 1});
  }
}

void EncodedText::add(char c, Span from) {
  text_ += c;
  from_.push_back(from);
}

bool EncodedText::decode_once() {
  EncodedText decoded;
  for (std::size_t at = 0; at < text_.size();) {
    const Escape escape = escape_at(std::string_view(text_).substr(at));
    const std::size_t length = std::max<std::size_t>(escape.length, 1);
    decoded.add(escape.length == 0 ? text_[at] : escape.character, {from_[at].begin, from_[at + length - 1].end});
    at += length;
  }
  if (decoded.text_.size() == text_.size() || rounds_ == kMaxRounds) {
    return false;
  }
  decoded.rounds_ = rounds_ + 1;
  *this = std::move(decoded);
  return true;
}

EncodedText EncodedText::without_markup() const {
  EncodedText bare;
  // Search only once for an end that does not exist.
  bool comments_close = true;
  bool tags_close = true;
  for (std::size_t at = 0; at < text_.size(); ++at) {
    const std::string_view rest = std::string_view(text_).substr(at);
    std::size_t length = 0;  // of the markup that begins here
    if (rest.starts_with("<!--")) {
      const auto end = comments_close ? rest.find("-->") : std::string_view::npos;
      comments_close = end != std::string_view::npos;
      length = comments_close ? end + 3 : 0;
    } else if (begins_tag(rest)) {
      const auto end = tags_close ? rest.find('>') : std::string_view::npos;
      tags_close = end != std::string_view::npos;
      length = tags_close ? end + 1 : 0;
    }
    if (length == 0) {
      bare.add(text_[at], from_[at]);
    } else {
      at += length - 1;
    }
  }
  return bare;
}

EncodedText EncodedText::letters_and_digits() const {
  EncodedText kept;
  for (std::size_t at = 0; at < text_.size(); ++at) {
    if (is_letter_or_digit(text_[at])) {
      kept.add(lower_case(text_[at]), from_[at]);
    }
  }
  return kept;
}

std::vector<Span> EncodedText::find(std::string_view wanted) const {
  std::vector<Span> found;
  for (auto at = text_.find(wanted); at != std::string::npos; at = text_.find(wanted, at + wanted.size())) {
    found.push_back({from_[at].begin, from_[at + wanted.size() - 1].end});
  }
  return found;
}

}  // namespace renewd
