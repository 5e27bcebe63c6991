// The real binary between proxies and networks that fail. Each cell ends in a bounded time with its class, keeps the
// keystore unless a whole answer has arrived, makes no second request once one has, shows no secret, and renews once
// the network is restored.

#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "network/cells.hpp"
#include "network/two_networks.hpp"
#include "support/catch.hpp"

using namespace renewd::testing;

namespace {

constexpr int kAtOnce = 4;

struct Planned {
  const Cell* cell;
  Verdict verdict = {};
};

std::vector<Planned> plan(Part part) {
  std::vector<Planned> planned;
  for (const Cell& cell : cells()) {
    if (cell.part != part) {
      continue;
    }
    if (const auto why = obstacle(cell.proxy)) {
      WARN("skipped: " << cell.what << ": " << *why);
    } else {
      planned.push_back({&cell});
    }
  }
  return planned;
}

// Each in a thread of its own, whose networks it has.
void run_cells(std::vector<Planned>& planned) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::thread> threads;
  threads.reserve(kAtOnce);
  for (int i = 0; i < kAtOnce; ++i) {
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < planned.size(); at = next++) {
        std::thread([&cell = planned[at]] { cell.verdict = run_cell(*cell.cell); }).join();
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
}

void check(Part part) {
  if (const auto why = TwoNetworks::obstacle()) {
    WARN("skipped: " << *why);
    return;
  }
  auto planned = plan(part);
  run_cells(planned);
  for (const auto& [cell, verdict] : planned) {
    INFO(cell->what << "\n" << verdict.log << fmt::format("{}", fmt::join(verdict.problems, "\n")));
    CHECK(verdict.problems.empty());
  }
}

}  // namespace

TEST_CASE("a proxy that refuses") {
  check(Part::proxy_refuses);
}

TEST_CASE("a proxy that breaks, is slow, or does not reach the cloud") {
  check(Part::proxy_breaks);
}

TEST_CASE("a proxy that opens TLS") {
  check(Part::proxy_opens_tls);
}

TEST_CASE("IPv6") {
  check(Part::ipv6);
}

TEST_CASE("addresses that do not respond, and names that nobody resolves") {
  check(Part::addresses);
}

TEST_CASE("packets that are lost") {
  check(Part::packets);
}

TEST_CASE("an interface that goes away during a request") {
  check(Part::interface);
}
