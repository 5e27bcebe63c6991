// Decodes the escapes and removes the markup of a text, and knows where each character was in the original. For
// core/redaction.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace renewd {

// A range of bytes, without `end`.
struct Span {
  std::size_t begin;
  std::size_t end;
};

// Only the ASCII letters, in lower case, and digits.
std::string letters_and_digits(std::string_view text);

class EncodedText {
 public:
  explicit EncodedText(std::string_view original);

  // Replaces every HTML entity, percent escape and backslash escape by its character. Returns false if there was none,
  // or after too many rounds.
  bool decode_once();
  EncodedText without_markup() const;
  EncodedText letters_and_digits() const;
  // All places of `wanted` in the original.
  std::vector<Span> find(std::string_view wanted) const;

 private:
  EncodedText() = default;
  void add(char c, Span from);

  std::string text_;
  std::vector<Span> from_;  // where each character of text_ was
  int rounds_ = 0;
};

}  // namespace renewd
