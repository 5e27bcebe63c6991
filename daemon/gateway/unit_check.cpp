#include "gateway/unit_check.hpp"

#include <fmt/format.h>

namespace renewd::gateway {

Result<std::string> check_unit(const UnitState& started, const UnitState& now) {
  const auto failed = [&](const std::string& why) {
    return failure(ErrorKind::gateway, fmt::format("verifying {}: {}; see journalctl -u {}", now.name, why, now.name));
  };
  if (now.active_state != "active") {
    return failed("it did not stay up (" + now.description() + ")");
  }
  if (now.main_pid != started.main_pid || now.automatic_restarts > started.automatic_restarts) {
    return failed(
        fmt::format("main process {} ended and systemd started it again ({})", started.main_pid, now.description()));
  }
  return fmt::format("{} is active, main process {}", now.name, now.main_pid);
}

}  // namespace renewd::gateway
