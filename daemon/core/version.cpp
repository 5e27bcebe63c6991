#include "core/version.hpp"

namespace renewd {

std::string_view version() {
  return RENEWD_VERSION;
}

}  // namespace renewd
