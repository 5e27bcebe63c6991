#include "core/private_memory.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace renewd {

void keep_memory_private() {
  // exec() resets PR_SET_DUMPABLE, and only the soft limit is lowered: programs that the daemon starts may dump core.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) == 0) {
    limit.rlim_cur = 0;
    ::setrlimit(RLIMIT_CORE, &limit);
  }
}

}  // namespace renewd
