#include "core/redaction.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/dressed_text.hpp"

namespace renewd {
namespace {

// Fewer letters and digits occur in any text by chance.
constexpr std::size_t kShortest = 4;

struct Found {
  Span span;
  std::string_view name;
};

// The base64 digits that depend on `secret` alone where `before` bytes (0 to 2) precede it in a group of three. What
// stands in the digits at both ends belongs to the neighbours, too.
std::string base64_inside(std::string_view secret, std::size_t before) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string digits;
  digits.reserve(secret.size() * 2);
  unsigned bits = 0;
  // The first whole digit begins so many bits into the secret.
  std::size_t skipped = (6 - before * 8 % 6) % 6;
  std::size_t available = 0;
  for (const char c : secret) {
    bits = (bits << 8U | static_cast<unsigned char>(c)) & 0xFFFFU;
    available += 8;
    if (skipped > 0) {
      available -= skipped;
      skipped = 0;
    }
    while (available >= 6) {
      available -= 6;
      digits += kDigits[bits >> available & 0x3FU];
    }
  }
  return digits;
}

std::string hexadecimal(std::string_view secret) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  digits.reserve(secret.size() * 2);
  for (const char c : secret) {
    const auto byte = static_cast<unsigned char>(c);
    (digits += kDigits[byte >> 4U]) += kDigits[byte & 0xFU];
  }
  return digits;
}

bool is_base64(char c) {
  return is_letter_or_digit(c) || std::string_view("+/=-_").find(c) != std::string_view::npos;
}

// To the ends of the word: the digits at the seams tell of the secret's first and last characters.
Span whole_word(std::string_view text, Span span) {
  while (span.begin > 0 && is_base64(text[span.begin - 1])) {
    --span.begin;
  }
  while (span.end < text.size() && is_base64(text[span.end])) {
    ++span.end;
  }
  return span;
}

std::string replaced(std::string_view foreign, std::vector<Found> found) {
  std::ranges::sort(found, {}, [](const Found& one) { return std::pair(one.span.begin, one.span.end); });
  std::string clean;
  std::size_t from = 0;
  for (const auto& [span, name] : found) {
    if (span.begin >= from) {
      ((clean += foreign.substr(from, span.begin - from)) += '[') += name;
      clean += ']';
    }
    from = std::max(from, span.end);
  }
  return clean += foreign.substr(from);
}

}  // namespace

void Redaction::look_for(Form form, std::string text, std::string_view name) {
  const bool by_chance = form != Form::exact && text.size() < kShortest;
  if (!text.empty() && !by_chance) {
    needles_.push_back({form, Secret(text), std::string(name)});
  }
  ::explicit_bzero(text.data(), text.size());
}

void Redaction::hide(std::string_view name, const Secret& secret) {
  look_for(Form::exact, std::string(secret.view()), name);
  const auto squeeze = [&](std::string text) {
    std::string squeezed = squeezed_letters(text);
    ::explicit_bzero(text.data(), text.size());
    return squeezed;
  };
  look_for(Form::squeezed, squeezed_letters(secret.view()), name);
  look_for(Form::squeezed, hexadecimal(secret.view()), name);
  for (const std::size_t before : {0U, 1U, 2U}) {
    look_for(Form::base64, squeeze(base64_inside(secret.view(), before)), name);
  }
}

std::string Redaction::operator()(std::string_view foreign) const {
  if (needles_.empty()) {
    return std::string(foreign);
  }
  std::vector<Found> found;
  const auto look = [&](const DressedText& text, bool squeezed) {
    for (const Needle& needle : needles_) {
      if ((needle.form == Form::exact) == squeezed) {
        continue;
      }
      for (const Span& span : text.find(needle.text.view())) {
        found.push_back({needle.form == Form::base64 ? whole_word(foreign, span) : span, needle.name});
      }
    }
  };
  DressedText text(foreign);
  for (bool more = true; more; more = text.decode_once()) {
    look(text, false);
    look(text.squeezed(), true);
    look(text.without_markup().squeezed(), true);
  }
  return replaced(foreign, std::move(found));
}

Redaction redaction_of(const std::vector<NamedSecret>& secrets) {
  Redaction redaction;
  for (const auto& [name, source] : secrets) {
    if (const auto secret = read_secret(source)) {
      redaction.hide(name, *secret);
    }
  }
  return redaction;
}

}  // namespace renewd
