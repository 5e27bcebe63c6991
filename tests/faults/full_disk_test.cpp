// The real binary on a file system that really is full, out of inodes or read-only, and is so no more at the next run.

#include <iostream>

#include "faults/small_disk.hpp"
#include "faults/trial.hpp"
#include "support/catch.hpp"

using namespace renewd::testing;

namespace {

// True, having said why, where nothing can be mounted. The words are what ctest knows a skipped test by.
bool skipped() {
  const auto obstacle = SmallDisk::obstacle();
  if (obstacle) {
    std::cout << "skipped: " << *obstacle << std::endl;
  }
  return obstacle.has_value();
}

// A run that fails because of the disk, and says which.
void check_fails(Trial& trial, const std::filesystem::path& disk, const std::string& cause,
                 const std::string& or_cause = "") {
  const CommandResult result = trial.host().renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  const auto failed = find_event(parse_events(result.errors), "renewal_failed");
  REQUIRE(failed);
  CHECK(field(*failed, "class") == "disk");
  CHECK_THAT(field(*failed, "message"), ContainsSubstring(disk.string()));
  CHECK_THAT(field(*failed, "message"),
             ContainsSubstring(cause) || ContainsSubstring(or_cause.empty() ? cause : or_cause));
  trial.check_keystore();
  trial.check_no_temporary_file();
}

}  // namespace

TEST_CASE("requests nothing while the state directory is full or read-only") {
  if (skipped()) {
    return;
  }
  const Host prepared;
  Trial trial(prepared, GatewayKind::command);
  const auto directory = trial.host() / "state";
  SmallDisk disk(directory, "size=8m");
  disk.remount(SmallDisk::Access::read_only);
  check_fails(trial, directory, "Read-only file system");
  disk.remount(SmallDisk::Access::read_write);
  disk.fill();
  check_fails(trial, directory, "0 KiB are free");
  CHECK(trial.requests() == 0);
  CHECK(trial.check_keystore() == Trial::Keystore::old_one);
  disk.make_room();
  trial.check_next_run();
  CHECK(trial.requests() == 1);
}

TEST_CASE("requests nothing while the disk of the keystore is full or read-only") {
  if (skipped()) {
    return;
  }
  const Host prepared;
  give_acl(prepared.keystore());
  Trial trial(prepared, GatewayKind::command);
  const auto directory = trial.host() / "installed";
  SmallDisk disk(directory, "size=1m");
  trial.move_keystore(directory);
  disk.fill();
  check_fails(trial, directory, "No space left on device");
  disk.make_room();
  disk.remount(SmallDisk::Access::read_only);
  check_fails(trial, directory, "Read-only file system");
  CHECK(trial.check_keystore() == Trial::Keystore::old_one);
  disk.remount(SmallDisk::Access::read_write);
  trial.check_next_run();
  CHECK(trial.requests() == 1);
}

TEST_CASE("however few inodes are free, a certificate is requested once") {
  if (skipped()) {
    return;
  }
  const Host prepared;
  constexpr int kEnough = 50;
  int inodes = 2;  // the directory's own, and one
  for (bool failed = true; failed && inodes < kEnough; ++inodes) {
    CAPTURE(inodes);
    Trial trial(prepared, GatewayKind::command);
    const auto directory = trial.host() / "state";
    SmallDisk disk(directory, "nr_inodes=" + std::to_string(inodes));
    failed = trial.host().renew().status != 0;
    if (failed) {
      check_fails(trial, directory, "too few inodes", "No space left on device");
      disk.allow_inodes(kEnough);
      trial.check_next_run();
      CHECK(trial.requests() == 1);
    }
  }
  CHECK(inodes > 6);
  CHECK(inodes < kEnough);
}
