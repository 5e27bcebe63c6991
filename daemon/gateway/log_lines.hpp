// Bytes of a log file, cut into lines as they come.
#pragma once

#include <string>
#include <string_view>

#include "gateway/log_reader.hpp"

namespace renewd::gateway {

class LogLines {
 public:
  void add(std::string_view bytes, const LineSink& sink);
  // Nothing will follow: what has no line break is a line, too.
  void finish(const LineSink& sink);
  // What comes next is another file's beginning.
  void forget();
  // What comes next is the rest of a line whose beginning is not known; it is left out.
  void skip_rest_of_line();

 private:
  void append(std::string_view part);

  std::string partial_;
  bool skipping_ = false;
};

}  // namespace renewd::gateway
