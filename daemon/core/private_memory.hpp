// Keeps this process's memory, which holds secrets, out of core files.
#pragma once

namespace renewd {

// Disables core files, and access by other processes of the same user (ptrace(2)). Call it at the start of main().
void keep_memory_private();

}  // namespace renewd
