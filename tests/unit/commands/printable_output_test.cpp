#include "commands/printable_output.hpp"

#include <iomanip>
#include <sstream>

#include <fmt/ostream.h>

#include "support/catch.hpp"

using namespace renewd::commands;

namespace {

// Accepts no byte, like a full disk or a closed pipe.
class Full final : public std::streambuf {};

}  // namespace

TEST_CASE("control sequences are escaped, however they are written") {
  std::ostringstream out;
  {
    const PrintableOutput printable(out);
    out << "title \x1b]0;owned\x07" << std::string("\x1b[2J\x1b[31m\r") << '\x9b' << std::setw(4) << "\u202e";
    out.put('\x08');
    fmt::print(out, "{}\n",
               "\x1b[8m\xc2\x9b"
               "31m");
  }
  CHECK(out.str() == "title \\x1b]0;owned\\x07\\x1b[2J\\x1b[31m\\x0d\\x9b \\xe2\\x80\\xae\\x08\\x1b[8m\\xc2\\x9b31m\n");
  out << "\r";
  CHECK(out.str().back() == '\r');  // the object no longer exists
}

TEST_CASE("line breaks, tabs, other alphabets and the program's own colours pass") {
  std::ostringstream out;
  const PrintableOutput printable(out);
  const std::string text = std::string(kGreen) + "OK" + std::string(kColourEnd) + "\t█░┃ Zoë 株式会社…\n" +
                           std::string(kYellow) + std::string(kRed);
  out << text << std::endl;
  CHECK(out.str() == text + "\n");
}

TEST_CASE("only control_terminal() can move the cursor") {
  std::ostringstream out;
  control_terminal(out, "\r\033[K");
  {
    const PrintableOutput printable(out);
    control_terminal(out, "\033[H");
    out << "\033[H";
  }
  CHECK(out.str() == "\r\033[K\033[H\\x1b[H");
}

TEST_CASE("a failed write shows in the state of the stream") {
  Full full;
  std::ostream out(&full);
  const PrintableOutput printable(out);
  out << "result\n";
  CHECK_FALSE(out);
}
