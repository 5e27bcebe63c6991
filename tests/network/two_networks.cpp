#include "network/two_networks.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "support/command.hpp"

namespace renewd::testing {
namespace {

void require(bool succeeded, const std::string& doing) {
  if (!succeeded) {
    throw std::runtime_error(doing + ": " + std::strerror(errno));
  }
}

void sh(const std::string& script) {
  run_or_throw({"sh", "-euc", script});
}

int new_network() {
  require(::unshare(CLONE_NEWNET) == 0, "making a network namespace");
  const int network = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  require(network >= 0, "opening a network namespace");
  return network;
}

void enter(int network) {
  require(::setns(network, CLONE_NEWNET) == 0, "entering a network namespace");
}

// Of this thread alone.
bool have_own_mounts() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

// Without duplicate address detection, so that the IPv6 addresses are usable at once.
constexpr const char* kHost = R"(
ip link set lo up
ip address replace 192.0.2.1/24 dev cable
ip address replace 2001:db8::1/64 dev cable nodad
ip link set cable up
ip route replace default via 192.0.2.2
ip route replace default via 2001:db8::2
nft flush ruleset
)";
constexpr const char* kInternet = R"(
ip link set lo up
ip address replace 192.0.2.2/24 dev cable
ip address replace 2001:db8::2/64 dev cable nodad
ip address replace 198.51.100.1/32 dev lo
ip address replace 2001:db8:1::1/128 dev lo nodad
ip link set cable up
nft flush ruleset
)";

}  // namespace

std::optional<std::string> TwoNetworks::obstacle() {
  for (const char* program : {"ip", "nft"}) {
    if (!have_program(program)) {
      return std::string(program) + " is missing";
    }
  }
  std::optional<std::string> obstacle;
  std::thread([&obstacle] {
    if (!have_own_mounts() || ::unshare(CLONE_NEWNET) != 0) {
      obstacle = std::string("making a network needs root: ") + std::strerror(errno);
    } else if (run({"sh", "-c", "ip link add one type veth peer name two && nft add table inet faults"}).status != 0) {
      obstacle = "this kernel has no veth or no nftables";
    }
  }).join();
  return obstacle;
}

TwoNetworks::TwoNetworks() {
  require(have_own_mounts(), "making mounts of a thread's own");
  // For what squid shares with its processes, and leaves behind.
  require(::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=64m") == 0, "mounting /dev/shm");
  replace("hosts", "127.0.0.1 localhost\n198.51.100.1 cloud.example\n2001:db8:1::1 cloud.example\n");
  replace("nsswitch.conf", "hosts: files dns\n");
  internet_ = new_network();
  host_ = new_network();
  restore();
  enter_internet();
}

TwoNetworks::~TwoNetworks() {
  // Each lies on the one before it, whose file could not be removed.
  for (auto mounted = mounted_.rbegin(); mounted != mounted_.rend(); ++mounted) {
    ::umount2(mounted->c_str(), MNT_DETACH);
  }
  ::close(host_);
  ::close(internet_);
}

void TwoNetworks::enter_host() {
  enter(host_);
}

void TwoNetworks::enter_internet() {
  enter(internet_);
}

void TwoNetworks::in_host(const std::string& script) {
  enter_host();
  sh(script);
}

void TwoNetworks::in_internet(const std::string& script) {
  enter_internet();
  sh(script);
}

void TwoNetworks::plug_in() {
  in_host("ip link add cable type veth peer name cable netns /proc/" + std::to_string(::getpid()) + "/fd/" +
          std::to_string(internet_));
}

void TwoNetworks::restore() {
  enter_host();
  if (run({"ip", "link", "show", "cable"}).status != 0) {
    plug_in();
  }
  in_internet(kInternet);
  in_host(kHost);
}

void TwoNetworks::replace(const std::string& name, const std::string& contents) {
  write_file(directory_ / name, contents);
  require(::mount((directory_ / name).c_str(), ("/etc/" + name).c_str(), nullptr, MS_BIND, nullptr) == 0,
          "replacing /etc/" + name);
  mounted_.push_back("/etc/" + name);
}

std::size_t TwoNetworks::idle_counters() {
  std::size_t idle = 0;
  for (const int network : {host_, internet_}) {
    enter(network);
    idle += count(run_or_throw({"nft", "list", "ruleset"}), "counter packets 0 ");
  }
  return idle;
}

}  // namespace renewd::testing
