#include "renewal/host.hpp"

#include <unistd.h>

#include <array>
#include <utility>

namespace renewd::renewal {

std::string host_identity(const Filesystem& filesystem) {
  if (auto id = filesystem.read("/etc/machine-id", 256); id && !id->empty()) {
    return std::move(*id);
  }
  std::array<char, 256> name{};
  (void)::gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace renewd::renewal
