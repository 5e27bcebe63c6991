#include "core/redaction.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include <boost/algorithm/hex.hpp>

#include "core/encoded_text.hpp"
#include "core/text.hpp"

namespace renewd {
namespace {

// Shorter sequences of letters and digits occur by chance.
constexpr std::size_t kMinLength = 4;

struct Found {
  Span span;
  std::string_view name;
};

// The base64 digits that depend only on `secret` if `before` bytes (0 to 2) precede it in a group of three. The digits
// at both ends also depend on the neighbouring bytes.
std::string base64_inside(std::string_view secret, std::size_t before) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string digits;
  digits.reserve(secret.size() * 2);
  unsigned bits = 0;
  // The bits before the first whole digit.
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
  std::string digits;
  digits.reserve(secret.size() * 2);
  boost::algorithm::hex_lower(secret, std::back_inserter(digits));
  return digits;
}

bool is_base64(char c) {
  return is_alphanumeric_or(c, "+/=-_");
}

// Extends the span to the whole base64 text, since the digits at its ends reveal part of the secret.
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

void Redaction::add(Form form, std::string text, std::string_view name) {
  if (text.size() >= (form == Form::exact ? 1 : kMinLength)) {
    needles_.push_back({form, Secret(text), std::string(name)});
  }
  ::explicit_bzero(text.data(), text.size());
}

void Redaction::hide(std::string_view name, const Secret& secret) {
  add(Form::exact, std::string(secret.view()), name);
  add(Form::letters_and_digits, letters_and_digits(secret.view()), name);
  add(Form::letters_and_digits, hexadecimal(secret.view()), name);
  for (const std::size_t before : {0U, 1U, 2U}) {
    std::string digits = base64_inside(secret.view(), before);
    add(Form::base64, letters_and_digits(digits), name);
    ::explicit_bzero(digits.data(), digits.size());
  }
}

std::string Redaction::operator()(std::string_view foreign) const {
  if (needles_.empty()) {
    return std::string(foreign);
  }
  std::vector<Found> found;
  const auto search = [&](const EncodedText& text, bool exact) {
    for (const Needle& needle : needles_) {
      if ((needle.form == Form::exact) != exact) {
        continue;
      }
      for (const Span& span : text.find(needle.text.view())) {
        found.push_back({needle.form == Form::base64 ? whole_word(foreign, span) : span, needle.name});
      }
    }
  };
  EncodedText text(foreign);
  for (bool more = true; more; more = text.decode_once()) {
    search(text, true);
    search(text.letters_and_digits(), false);
    search(text.without_markup().letters_and_digits(), false);
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
