#include "installation/state.hpp"

#include <unistd.h>

namespace renewd::installation {

FileAttributes state_file_attributes() {
  return {.owner = ::geteuid(), .group = ::getegid(), .mode = kStateFileMode, .extended = {}};
}

}  // namespace renewd::installation
