// Text under its dress: what entities, escapes and markup say, with the place of each character in the text as it came.
// For core/redaction.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace renewd {

// Of bytes, without its end.
struct Span {
  std::size_t begin;
  std::size_t end;
};

bool is_letter_or_digit(char c);  // of ASCII

// Its letters and digits alone, in lower case.
std::string squeezed_letters(std::string_view text);

class DressedText {
 public:
  explicit DressedText(std::string_view original);

  // Replaces every HTML entity, percent escape and backslash escape by what it stands for. False: there was none, or
  // the text has been decoded more often than any text is encoded.
  bool decode_once();
  DressedText without_markup() const;
  DressedText squeezed() const;
  // Where `wanted` is, in the original.
  std::vector<Span> find(std::string_view wanted) const;

 private:
  DressedText() = default;
  void add(char c, Span from);

  std::string text_;
  std::vector<Span> from_;  // of each character
  int decoded_ = 0;
};

}  // namespace renewd
