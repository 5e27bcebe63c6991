#include "commands/layout.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace renewd::commands {
namespace {

// Each byte that is not UTF-8 counts as a character.
std::string_view next_character(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && length < 4 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) {
    ++length;
  }
  return text.substr(0, length);
}

// East Asian characters and emoji take two columns: from U+2E80 on, and U+1100 to U+11FF.
std::size_t columns_of_character(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  const bool wide = (character.size() == 3 && ((byte(0) == 0xE1 && byte(1) >= 0x84 && byte(1) <= 0x87) ||
                                               (byte(0) == 0xE2 && byte(1) >= 0xBA) || byte(0) >= 0xE3)) ||
                    character.size() == 4;
  return wide ? 2 : 1;
}

// The longest prefix that fits, at least one character.
std::string_view fitting(std::string_view text, std::size_t width) {
  std::size_t used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const auto character = next_character(text.substr(end));
    used += columns_of_character(character);
    if (used > width && end != 0) {
      break;
    }
    end += character.size();
  }
  return text.substr(0, end);
}

}  // namespace

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const auto character = next_character(text);
    count += columns_of_character(character);
    text.remove_prefix(character.size());
  }
  return count;
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t used = columns(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

std::string shown(std::string_view foreign, const Screen& screen) {
  // Escape before measuring: an escape is longer than the character.
  std::string printed = escaped(foreign);
  if (screen.utf8) {
    return printed;
  }
  std::string_view text = printed;
  std::string ascii;
  while (!text.empty()) {
    const auto character = next_character(text);
    ascii += character == "…" ? "..." : static_cast<unsigned char>(character.front()) >= 0x80 ? "?" : character;
    text.remove_prefix(character.size());
  }
  return ascii;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width, LongWords long_words) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && columns(line) + 1 + columns(word) > width) {
      lines.push_back(std::move(line));
      line.clear();
    }
    for (; long_words == LongWords::broken && columns(word) > width; word.remove_prefix(fitting(word, width).size())) {
      lines.emplace_back(fitting(word, width));
    }
    line += (line.empty() ? "" : " ") + std::string(word);
  }
  if (!line.empty() || lines.empty()) {
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string fitted(std::string_view text, std::size_t width) {
  constexpr std::string_view kWhole = "    ";
  std::string all;
  while (width != 0 && !text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t hanging = indent + (line.substr(indent).starts_with("- ") ? 2 : 0);
    if (columns(line) <= width || line.starts_with(kWhole)) {
      all += line;
    } else {
      const std::size_t room = width > hanging + 10 ? width - hanging : 10;
      all += line.substr(0, hanging);
      std::string_view separator;
      for (const auto& part : wrapped(line.substr(hanging), room, LongWords::whole)) {
        all += std::string(separator) + std::string(separator.empty() ? 0 : hanging, ' ') + part;
        separator = "\n";
      }
      all += line.substr(std::min(line.find_last_not_of(' ') + 1, line.size()));  // in front of an answer
    }
    all += end == text.size() ? "" : "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return width == 0 ? std::string(text) : all;
}

std::string labelled(std::string_view label, std::string_view value, std::size_t indent, std::size_t label_width,
                     const Screen& screen, LongWords long_words) {
  const std::size_t column = indent + label_width;
  const std::size_t room = screen.width > column + 10 ? screen.width - column : 10;
  std::string text = std::string(indent, ' ') + padded(label, label_width);
  for (const auto& line : wrapped(shown(value, screen), room, long_words)) {
    text += (text.back() == '\n' ? std::string(column, ' ') : std::string()) + line + "\n";
  }
  return text;
}

}  // namespace renewd::commands
