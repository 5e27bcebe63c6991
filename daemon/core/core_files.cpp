#include "core/core_files.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace renewd {

void keep_memory_private() {
  // Children may be looked into again, and may raise the limit. Neither call fails as it is used here.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) == 0) {
    limit.rlim_cur = 0;
    ::setrlimit(RLIMIT_CORE, &limit);
  }
}

}  // namespace renewd
