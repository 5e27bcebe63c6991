#include "core/file_watch.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

asio::awaitable<void> wait(FileWatch& watch, int& changes) {
  while (true) {
    co_await watch.changed();
    ++changes;
  }
}

// The descriptors that this process has open.
std::size_t descriptors() {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

struct Watching {
  explicit Watching(const fs::path& file) : watch(io.get_executor(), file) {
    asio::co_spawn(io, wait(watch, changes), [](std::exception_ptr) {});
    io.poll();
  }
  bool sees_one_more() {
    const int before = changes;
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (changes == before && std::chrono::steady_clock::now() < deadline) {
      io.run_one_for(1s);
    }
    return changes > before;
  }
  // Longer than the quiet time after which a change is reported.
  bool sees_nothing() {
    const int before = changes;
    io.run_for(500ms);
    return changes == before;
  }

  asio::io_context io;
  FileWatch watch;
  int changes = 0;
};

}  // namespace

TEST_CASE("finds the entries that determine which file a path names") {
  const TemporaryDirectory directory;
  const fs::path root = fs::canonical(directory.path());
  fs::create_directories(root / "v1/config");
  fs::create_directory_symlink("v1", root / "current");
  fs::create_symlink("../../keys/real.p12", root / "v1/config/keystore.p12");
  const auto entries = entries_on_path(root / "current/config/keystore.p12");
  CHECK(entries == std::vector<fs::path>{root / "current", root / "v1/config/keystore.p12", root / "keys/real.p12"});
  fs::create_symlink("loop", root / "loop");
  CHECK_FALSE(entries_on_path(root / "loop").empty());
}

TEST_CASE("notices that a file is written, replaced, removed or created") {
  const TemporaryDirectory directory;
  const fs::path file = directory / "keystore.p12";
  write_file(file, "old");
  Watching watching(file);
  CHECK(watching.sees_nothing());
  write_file(file, "written");
  CHECK(watching.sees_one_more());
  write_file(directory / "new", "new");
  fs::rename(directory / "new", file);
  CHECK(watching.sees_one_more());
  fs::remove(file);
  CHECK(watching.sees_one_more());
  write_file(file, "created");
  CHECK(watching.sees_one_more());
}

TEST_CASE("other files, and reading, wake no watch") {
  const TemporaryDirectory directory;
  const fs::path file = directory / "keystore.p12";
  write_file(file, "old");
  Watching watching(file);
  write_file(directory / "other", "x");
  write_file(directory / ".keystore.p12.gravitee-renewd", "x");
  fs::remove(directory / "other");
  CHECK(read_file(file) == "old");
  CHECK(watching.sees_nothing());
  write_file(file, "new");
  CHECK(watching.sees_one_more());
}

TEST_CASE("notices that a link is changed") {
  const TemporaryDirectory directory;
  fs::create_directory(directory / "v1");
  fs::create_directory(directory / "v2");
  write_file(directory / "v1/keystore.p12", "one");
  write_file(directory / "v2/keystore.p12", "two");
  fs::create_directory_symlink("v1", directory / "current");
  Watching watching(directory / "current/keystore.p12");
  fs::create_directory_symlink("v2", directory / "next");
  fs::rename(directory / "next", directory / "current");
  CHECK(watching.sees_one_more());
  write_file(directory / "v2/keystore.p12", "three");
  CHECK(watching.sees_one_more());
  write_file(directory / "v1/keystore.p12", "of no interest by now");
  CHECK(watching.sees_nothing());
}

TEST_CASE("a missing directory is not an error") {
  const TemporaryDirectory directory;
  Watching watching(directory / "later/keystore.p12");
  CHECK(watching.sees_nothing());
}

TEST_CASE("notices that a directory is created, moved or replaced") {
  const TemporaryDirectory directory;
  const fs::path config = directory / "gateway/config";
  Watching watching(config / "keystore.p12");
  fs::create_directories(config);
  CHECK(watching.sees_one_more());
  write_file(config / "keystore.p12", "created");
  CHECK(watching.sees_one_more());
  fs::remove_all(directory / "gateway");
  CHECK(watching.sees_one_more());
  fs::create_directory(directory / "gateway");
  CHECK(watching.sees_one_more());
  fs::create_directory(config);
  CHECK(watching.sees_one_more());
  write_file(config / "keystore.p12", "created again");
  CHECK(watching.sees_one_more());
  fs::create_directories(directory / "next/config");
  write_file(directory / "next/config/keystore.p12", "of the next version");
  const auto moved = GENERATE(as<fs::path>(), "gateway/config", "gateway");
  INFO(moved);
  fs::rename(directory / moved.string(), directory / "before");
  CHECK(watching.sees_one_more());
  fs::rename(directory / (moved == "gateway" ? "next" : "next/config"), directory / moved.string());
  CHECK(watching.sees_one_more());
  write_file(config / "keystore.p12", "written");
  CHECK(watching.sees_one_more());
}

TEST_CASE("all watches share one descriptor, and each file wakes only its own watch") {
  const TemporaryDirectory directory;
  asio::io_context io;
  const bool shared = GENERATE(true, false);
  INFO("in one directory: " << shared);
  const auto file = [&](int i) {
    const fs::path parent = shared ? directory / "all" : directory / std::to_string(i);
    fs::create_directories(parent);
    return parent / (std::to_string(i) + ".p12");
  };
  constexpr int kFiles = 300;
  std::vector<std::unique_ptr<FileWatch>> watches;
  std::vector<int> changes(kFiles);
  const auto one_more = [&](int i) {
    watches.push_back(std::make_unique<FileWatch>(io.get_executor(), file(i)));
    asio::co_spawn(io, wait(*watches.back(), changes[static_cast<std::size_t>(i)]), [](std::exception_ptr) {});
    io.poll();
  };
  one_more(0);
  const std::size_t before = descriptors();
  for (int i = 1; i < kFiles; ++i) {
    one_more(i);
  }
  CHECK(descriptors() == before);
  for (const int i : {kFiles - 1, 0}) {
    write_file(file(i), "new");
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (changes[static_cast<std::size_t>(i)] == 0 && std::chrono::steady_clock::now() < deadline) {
      io.run_one_for(1s);
    }
  }
  io.run_for(500ms);
  CHECK(changes.front() == 1);
  CHECK(changes.back() == 1);
  CHECK(std::count(changes.begin(), changes.end(), 0) == kFiles - 2);
  // Destroying one must not remove the watches of the others.
  std::make_unique<FileWatch>(io.get_executor(), file(1)).reset();
  write_file(file(1), "new");
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (changes[1] == 0 && std::chrono::steady_clock::now() < deadline) {
    io.run_one_for(1s);
  }
  CHECK(changes[1] == 1);
}

TEST_CASE("a change between two waits is noticed by the next one") {
  const TemporaryDirectory directory;
  asio::io_context io;
  FileWatch watch(io.get_executor(), directory / "keystore.p12");
  Watching another(directory / "another");
  FileWatch idle(another.io.get_executor(), directory / "keystore.p12");
  write_file(directory / "keystore.p12", "new");
  write_file(directory / "another", "new");
  CHECK(another.sees_one_more());  // reads the events of both
  int changes = 0;
  asio::co_spawn(another.io, wait(idle, changes), [](std::exception_ptr) {});
  asio::co_spawn(io, wait(watch, changes), [](std::exception_ptr) {});
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (changes < 2 && std::chrono::steady_clock::now() < deadline) {
    io.run_for(10ms);
    another.io.run_for(10ms);
  }
  CHECK(changes == 2);
}

TEST_CASE("a refused watch is reported once for all files, and waiting continues") {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit full{std::min<rlim_t>(limit.rlim_cur, 3), limit.rlim_max};
  const TemporaryDirectory directory;
  // A sanitizer needs a descriptor the first time that it checks a type.
  const Watching warm(directory / "missing/another.p12");
  asio::io_context io;
  asio::steady_timer timer(io);  // opens all descriptors of the event loop
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &full) == 0);
  FileWatch watch(io.get_executor(), directory / "keystore.p12");
  FileWatch another(io.get_executor(), directory / "another.p12");
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK_THAT(watch.new_problem().value_or(""), ContainsSubstring("fs.inotify.max_user_instances"));
  CHECK_FALSE(watch.new_problem());
  CHECK_FALSE(another.new_problem());
  int changes = 0;
  asio::co_spawn(io, wait(watch, changes), [](std::exception_ptr) {});
  io.poll();
  CHECK(changes == 0);
}

TEST_CASE("a watch is added as soon as the kernel has one again") {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit full{std::min<rlim_t>(limit.rlim_cur, 3), limit.rlim_max};
  const TemporaryDirectory directory;
  const fs::path file = directory / "keystore.p12";
  // A sanitizer needs a descriptor the first time that it checks a type.
  const Watching warm(directory / "missing/another.p12");
  asio::io_context io;
  asio::steady_timer timer(io);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &full) == 0);
  FileWatch without(io.get_executor(), file);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(without.new_problem());
  FileWatch watch(io.get_executor(), file);
  CHECK_FALSE(watch.new_problem());
  int changes = 0;
  asio::co_spawn(io, wait(watch, changes), [](std::exception_ptr) {});
  io.poll();
  write_file(file, "new");
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (changes == 0) {
    REQUIRE(io.run_one_until(end) == 1);
  }
}

TEST_CASE("a directory without access is reported by name") {
  if (::geteuid() != 0) {
    WARN("skipped: root is needed to become another user");
    return;
  }
  const TemporaryDirectory directory;
  fs::permissions(directory.path(), fs::perms(0711));
  REQUIRE(::seteuid(65534) == 0);
  asio::io_context io;
  FileWatch watch(io.get_executor(), directory / "keystore.p12");
  const auto problem = watch.new_problem();
  REQUIRE(::seteuid(0) == 0);
  CHECK_THAT(problem.value_or(""), ContainsSubstring(directory.path().string()));
}

TEST_CASE("waiting for a change can be cancelled") {
  const TemporaryDirectory directory;
  asio::io_context io;
  FileWatch watch(io.get_executor(), directory / "keystore.p12");
  asio::cancellation_signal cancel;
  bool over = false;
  asio::co_spawn(io, watch.changed(),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr) { over = true; }));
  io.poll();
  CHECK_FALSE(over);
  cancel.emit(asio::cancellation_type::terminal);
  io.run_for(60s);
  CHECK(over);
}
