// Splits the bytes of a log file into lines as they arrive.
#pragma once

#include <string>
#include <string_view>

#include "gateway/log_reader.hpp"

namespace renewd::gateway {

class LogLines {
 public:
  void add(std::string_view bytes, const LineSink& sink);
  // The file has ended: a last part without line break is a line, too.
  void finish(const LineSink& sink);
  // The next bytes are the beginning of another file.
  void reset();
  // The next bytes continue a line whose beginning is unknown: ignore that line.
  void skip_rest_of_line();

 private:
  void append(std::string_view part);

  std::string partial_;
  bool skipping_ = false;
};

}  // namespace renewd::gateway
