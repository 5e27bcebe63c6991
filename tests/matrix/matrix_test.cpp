// The fault matrix: at each step of TCP, TLS and HTTP something goes wrong, for each kind of keystore, directly and
// through a proxy. Each cell ends in a bounded time with its class, keeps the keystore unless a whole answer has
// arrived, loses none that has, shows no secret, and renews once the fault is over.

#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "matrix/cell.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/keystores.hpp"

using namespace renewd::testing;

namespace {

constexpr int kAtOnce = 4;

struct Planned {
  const Fault* fault;
  Cell cell;
  Verdict verdict = {};

  std::string name() const { return fault->what + " (" + fault->name + "), " + to_string(cell); }
};

std::vector<Planned> plan(Step step, bool with_jks) {
  std::vector<Planned> planned;
  for (std::size_t i = 0; i < faults().size(); ++i) {
    for (const Cell& cell : cells_of(i)) {
      if (faults()[i].step == step && (with_jks || cell.kind != Kind::jks)) {
        planned.push_back({&faults()[i], cell});
      }
    }
  }
  return planned;
}

void run_cells(std::vector<Planned>& planned, const std::filesystem::path& jks) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::thread> threads;
  threads.reserve(kAtOnce);
  for (int i = 0; i < kAtOnce; ++i) {
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < planned.size(); at = next++) {
        planned[at].verdict = run_cell(*planned[at].fault, planned[at].cell, jks);
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
}

void check(Step step) {
  const bool with_jks = have_program("keytool");
  if (!with_jks) {
    WARN("skipped: the cells with a JKS file, which keytool makes");
  }
  const Host host;
  const auto jks = host / "account.jks";
  if (with_jks) {
    convert_to_jks(host.keystore(), jks, kKeystorePassword);
  }
  auto planned = plan(step, with_jks);
  REQUIRE_FALSE(planned.empty());
  run_cells(planned, jks);
  for (const auto& cell : planned) {
    INFO(cell.name() << "\n" << cell.verdict.log << fmt::format("{}", fmt::join(cell.verdict.problems, "\n")));
    CHECK(cell.verdict.problems.empty());
  }
}

}  // namespace

TEST_CASE("a connection that breaks") {
  check(Step::connection);
}

TEST_CASE("a server that is not the cloud") {
  check(Step::tls);
}

TEST_CASE("a server that falls silent") {
  check(Step::silence);
}

TEST_CASE("a response whose header is broken") {
  check(Step::header);
}

TEST_CASE("a response whose body is broken") {
  check(Step::body);
}

TEST_CASE("a response that is no answer") {
  check(Step::contents);
}

TEST_CASE("a whole answer on a connection that ends badly") {
  check(Step::whole);
}

TEST_CASE("a whole answer in an unusual form") {
  check(Step::unusual);
}
