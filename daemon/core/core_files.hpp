// Our memory, which holds secrets for moments, is nobody else's business.
#pragma once

namespace renewd {

// Neither a core file nor another process of the same user gets hold of this one's memory. For the start of main.
void keep_memory_private();

}  // namespace renewd
