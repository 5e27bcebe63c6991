#include "gateway/output_lines.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::gateway {
namespace {

// Every byte may become \xNN.
constexpr std::size_t kPrintableLimit = 4 * kLineLimit;

// Never cuts inside a UTF-8 sequence, which has at most three continuation bytes.
std::size_t cut_before(std::string_view text, std::size_t position) {
  for (std::size_t back = 0; back < 3; ++back) {
    if ((static_cast<unsigned char>(text[position - back]) & 0xC0) != 0x80) {
      return position - back;
    }
  }
  return position;
}

}  // namespace

void OutputLines::add(std::string_view bytes) {
  partial_ += bytes;
  std::string_view rest = partial_;
  while (true) {
    const auto line_break = rest.find('\n');
    if (line_break <= kLineLimit) {
      deliver(rest.substr(0, line_break));
      rest.remove_prefix(line_break + 1);
    } else if (rest.size() > kLineLimit) {
      const std::size_t cut = cut_before(rest, kLineLimit);
      deliver(rest.substr(0, cut));
      rest.remove_prefix(cut);
    } else {
      break;
    }
  }
  partial_.erase(0, partial_.size() - rest.size());
}

void OutputLines::finish() {
  deliver(partial_);
  partial_.clear();
  if (sink_ && lines_ > kLinesDelivered) {
    sink_(fmt::format("(and {} more lines)", lines_ - kLinesDelivered));
  }
}

void OutputLines::deliver(std::string_view line) {
  if (trimmed(line, " \t\r\n").empty()) {
    return;
  }
  ++lines_;
  if (sink_ && lines_ <= kLinesDelivered) {
    sink_(shown(line));
  }
  last_ = line;
}

std::string OutputLines::shown(std::string_view line) const {
  return printable(redacted_(line), kPrintableLimit);
}

}  // namespace renewd::gateway
