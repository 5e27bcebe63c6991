// Standard output and standard error as the commands write to them. Whatever is printed there passes here, so that no
// text from a state file, a path or a configuration can steer the terminal of the person who looks.
#pragma once

#include <ostream>
#include <streambuf>
#include <string_view>

namespace renewd::commands {

// The colours that this program uses, which pass as they are.
inline constexpr std::string_view kGreen = "\033[32m";
inline constexpr std::string_view kYellow = "\033[33m";
inline constexpr std::string_view kRed = "\033[1;31m";
inline constexpr std::string_view kColourEnd = "\033[0m";

// Between a stream and its buffer as long as it lives: line breaks, tabs and the colours above pass, the rest is
// escaped() (core/text.hpp). What is written at once must be whole characters.
class PrintableOutput final : public std::streambuf {
 public:
  // `stream` must outlive this object.
  explicit PrintableOutput(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(this)), sink_(before_) {}
  // What passes goes to `sink` instead of the stream's own buffer.
  PrintableOutput(std::ostream& stream, std::streambuf& sink)
      : stream_(stream), before_(stream.rdbuf(this)), sink_(&sink) {}
  PrintableOutput(const PrintableOutput&) = delete;
  PrintableOutput& operator=(const PrintableOutput&) = delete;
  ~PrintableOutput() override { stream_.rdbuf(before_); }

 private:
  friend void steer_terminal(std::ostream& stream, std::string_view sequences);

  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int_type overflow(int_type character) override;
  int sync() override { return sink_->pubsync(); }

  std::ostream& stream_;
  std::streambuf* before_;
  std::streambuf* sink_;
};

// Writes what moves the cursor or clears something, past the above: literals of this program, and nothing else.
void steer_terminal(std::ostream& stream, std::string_view sequences);

}  // namespace renewd::commands
