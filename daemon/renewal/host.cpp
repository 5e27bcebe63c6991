#include "renewal/host.hpp"

#include <unistd.h>

#include <array>

#include <fmt/format.h>

namespace renewd::renewal {
namespace {

constexpr std::size_t kMachineIdSize = 32;

}  // namespace

std::string host_identity(const Filesystem& filesystem) {
  const auto id = filesystem.read("/etc/machine-id", 256);
  return host_identity(id ? std::string_view(*id) : std::string_view(), host_name());
}

std::string host_name() {
  std::array<char, 256> name{};
  (void)::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string host_identity(std::string_view machine_id, std::string_view host_name) {
  machine_id = machine_id.substr(0, machine_id.find_first_not_of("0123456789abcdef"));
  return fmt::format("{}/{}", machine_id.size() == kMachineIdSize ? machine_id : "", host_name);
}

}  // namespace renewd::renewal
