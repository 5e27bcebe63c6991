#include "commands/printable_output.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/text.hpp"

namespace renewd::commands {
namespace {

constexpr std::string_view kAllowed = "\n\t";

// The colour of this program that `text` begins with, or nothing. Other colours could hide text.
std::string_view leading_colour(std::string_view text) {
  static constexpr std::array kColours{kGreen, kYellow, kRed, kColourEnd};
  const auto* const found =
      std::find_if(kColours.begin(), kColours.end(), [&](std::string_view colour) { return text.starts_with(colour); });
  return found == kColours.end() ? std::string_view() : *found;
}

std::string safe(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view colour = leading_colour(text);
    const std::size_t end = colour.empty() ? std::min(text.find('\033', 1), text.size()) : colour.size();
    out += colour.empty() ? escaped(text.substr(0, end), kAllowed) : std::string(colour);
    text.remove_prefix(end);
  }
  return out;
}

}  // namespace

std::streamsize PrintableOutput::xsputn(const char* text, std::streamsize size) {
  const std::string out = safe({text, static_cast<std::size_t>(size)});
  const auto length = static_cast<std::streamsize>(out.size());
  return sink_->sputn(out.data(), length) == length ? size : 0;
}

PrintableOutput::int_type PrintableOutput::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) {
    return traits_type::not_eof(character);
  }
  const char c = traits_type::to_char_type(character);
  return xsputn(&c, 1) == 1 ? character : traits_type::eof();
}

void control_terminal(std::ostream& stream, std::string_view sequences) {
  if (auto* const output = dynamic_cast<PrintableOutput*>(stream.rdbuf())) {
    (void)output->sink_->sputn(sequences.data(), static_cast<std::streamsize>(sequences.size()));
  } else {
    stream << sequences;
  }
}

}  // namespace renewd::commands
