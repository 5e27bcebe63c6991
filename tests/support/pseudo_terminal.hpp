// A program on a terminal of its own, with a person who waits for a question and types the answer.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace renewd::testing {

class PseudoTerminal {
 public:
  // `columns`: the width that the terminal reports; 0 for none.
  explicit PseudoTerminal(const std::vector<std::string>& argv, unsigned short columns = 0);
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;
  // Kills the program if it still runs.
  ~PseudoTerminal();

  // Waits until the text stands on the screen after what was waited for last. Throws with the screen when the program
  // ends or a minute passes first.
  void expect(std::string_view text);
  void type(std::string_view text);
  // Waits for the end; 128 + signal when killed.
  int wait();
  // All that the program printed and the terminal echoed.
  const std::string& screen() const { return screen_; }

 private:
  // False when the program's side of the terminal is closed.
  bool read_more();

  std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  int master_ = -1;
  pid_t child_ = -1;
  std::string screen_;
  std::size_t seen_ = 0;
};

}  // namespace renewd::testing
