// A filter for standard output and error, so that text from files cannot control the terminal.
#pragma once

#include <ostream>
#include <streambuf>
#include <string_view>

namespace renewd::commands {

// The colours of this program, which pass the filter.
inline constexpr std::string_view kGreen = "\033[32m";
inline constexpr std::string_view kYellow = "\033[33m";
inline constexpr std::string_view kRed = "\033[1;31m";
inline constexpr std::string_view kColourEnd = "\033[0m";

// Filters a stream as long as this object exists: line breaks, tabs and the colours above pass, the rest is escaped()
// (core/text.hpp). Each write must consist of whole characters.
class PrintableOutput final : public std::streambuf {
 public:
  // `stream` must outlive this object.
  explicit PrintableOutput(std::ostream& stream) : stream_(stream), original_(stream.rdbuf(this)), sink_(original_) {}
  // Writes to `sink` instead of the stream's own buffer.
  PrintableOutput(std::ostream& stream, std::streambuf& sink)
      : stream_(stream), original_(stream.rdbuf(this)), sink_(&sink) {}
  PrintableOutput(const PrintableOutput&) = delete;
  PrintableOutput& operator=(const PrintableOutput&) = delete;
  ~PrintableOutput() override { stream_.rdbuf(original_); }

 private:
  friend void control_terminal(std::ostream& stream, std::string_view sequences);

  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int_type overflow(int_type character) override;
  int sync() override { return sink_->pubsync(); }

  std::ostream& stream_;
  std::streambuf* original_;
  std::streambuf* sink_;
};

// Writes control sequences past the filter. Only for literals of this program.
void control_terminal(std::ostream& stream, std::string_view sequences);

}  // namespace renewd::commands
