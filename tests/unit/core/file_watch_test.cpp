#include "core/file_watch.hpp"

#include <optional>

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
  // More than the moment of quiet after which a change is told.
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

TEST_CASE("the entries that decide which file a path names") {
  const TemporaryDirectory directory;
  const fs::path root = fs::canonical(directory.path());
  fs::create_directories(root / "v1/config");
  fs::create_directory_symlink("v1", root / "current");
  fs::create_symlink("../../keys/real.p12", root / "v1/config/keystore.p12");
  const auto entries = entries_on_the_way(root / "current/config/keystore.p12");
  CHECK(entries == std::vector<fs::path>{root / "current", root / "v1/config/keystore.p12", root / "keys/real.p12"});
  fs::create_symlink("loop", root / "loop");
  CHECK_FALSE(entries_on_the_way(root / "loop").empty());
}

TEST_CASE("a file that is written, replaced, removed or created is seen") {
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

TEST_CASE("other files, and reading, wake nobody") {
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

TEST_CASE("a link that is switched is followed") {
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

TEST_CASE("a directory that is not there yet is no error") {
  const TemporaryDirectory directory;
  Watching watching(directory / "later/keystore.p12");
  CHECK(watching.sees_nothing());
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
