#include "state/lock.hpp"

#include <unistd.h>

#include <optional>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::state;
using namespace renewd::testing;

TEST_CASE("the second process that wants the lock learns who holds it") {
  const TemporaryDirectory directory;
  std::optional<Result<Lock>> first = Lock::acquire(PosixFilesystem(), directory / "lock", "run");
  REQUIRE(first->has_value());
  const auto second = Lock::acquire(PosixFilesystem(), directory / "lock", "renew");
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == ErrorKind::busy);
  CHECK_THAT(second.error().message,
             ContainsSubstring("gravitee-renewd run") && ContainsSubstring(std::to_string(::getpid())));
  first.reset();
  CHECK(Lock::acquire(PosixFilesystem(), directory / "lock", "renew"));
}

TEST_CASE("the lock of a killed process is free") {
  const TemporaryDirectory directory;
  const std::string file = (directory / "lock").string();
  if (!have_program("flock")) {
    WARN("skipped: needs flock(1)");
    return;
  }
  {
    // Holds the same kernel lock until it is killed.
    BackgroundProcess holder({"flock", "--no-fork", file, "sh", "-c", "echo held; exec sleep 60"});
    holder.wait_for_output([](const std::string& text) { return text.find("held") != std::string::npos; });
    CHECK(Lock::acquire(PosixFilesystem(), file, "renew").error().kind == ErrorKind::busy);
    holder.send_signal(9);
    holder.wait();
  }
  CHECK(Lock::acquire(PosixFilesystem(), file, "renew"));
}

TEST_CASE("a lock file that cannot be created is a failure of class disk") {
  const TemporaryDirectory directory;
  CHECK(Lock::acquire(PosixFilesystem(), directory / "none/lock", "run").error().kind == ErrorKind::disk);
}

TEST_CASE("lock_holder() names the holder, and leaves the lock with it") {
  const TemporaryDirectory directory;
  const auto file = directory / "lock";
  CHECK(lock_holder(PosixFilesystem(), file).value() == std::nullopt);
  {
    const auto lock = Lock::acquire(PosixFilesystem(), file, "run");
    REQUIRE(lock);
    CHECK_THAT(lock_holder(PosixFilesystem(), file).value().value(), StartsWith("gravitee-renewd run (process "));
    CHECK(Lock::acquire(PosixFilesystem(), file, "renew").error().kind == ErrorKind::busy);
  }
  CHECK(lock_holder(PosixFilesystem(), file).value() == std::nullopt);
  CHECK(Lock::acquire(PosixFilesystem(), file, "renew"));
}

TEST_CASE("a second daemon is refused, but not one that starts during a lock_holder()") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const std::string file = (directory / "state/daemon.lock").string();
  {
    const auto daemon = lock_for_daemon(filesystem, directory / "state");
    REQUIRE(daemon);
    const auto second = lock_for_daemon(filesystem, directory / "state");
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == ErrorKind::busy);
    CHECK_THAT(second.error().message, ContainsSubstring("gravitee-renewd run"));
  }
  if (!have_program("flock")) {
    WARN("skipped: needs flock(1)");
    return;
  }
  BackgroundProcess looking({"flock", "--shared", "--no-fork", file, "sh", "-c", "echo held; exec sleep 0.1"});
  looking.wait_for_output([](const std::string& text) { return text.find("held") != std::string::npos; });
  CHECK(lock_for_daemon(filesystem, directory / "state"));
}
