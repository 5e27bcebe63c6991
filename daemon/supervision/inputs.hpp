// The files and secrets that a renewal reads. After a failure, a change of one on which it depends is a reason to try
// again at once.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"

namespace renewd::supervision {

class Inputs {
 public:
  // What each of them contains (a CA file: its size, and when it was changed), comparable within this process alone.
  using Contents = std::vector<std::size_t>;

  Inputs(const configuration::CertificateSettings& certificate, const configuration::HttpSettings& http,
         const configuration::FleetSettings& shared = {});

  // Blocks.
  Contents read() const;
  // Whether one that decides over a failure of this class (the name of an ErrorKind) has other contents.
  bool differ(std::string_view failure, const Contents& before, const Contents& now) const;
  // Whether one of those was changed after `time`, or may have been: a variable, of which nobody knows. What rewrites a
  // file with the same contents counts, too. Blocks.
  bool changed_since(std::string_view failure, TimePoint time) const;

 private:
  struct Input {
    SecretSource source;
    bool is_secret;  // otherwise a CA file, by its path
    std::vector<ErrorKind> decides;
  };

  std::vector<Input> inputs_;
};

}  // namespace renewd::supervision
