#include "commands/fleet_memory.hpp"

#include "fleet/local_record.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::commands;
using namespace renewd::testing;

namespace {

struct Host {
  Host() { std::filesystem::create_directories(paths.directory()); }
  fleet::LocalRecord local() { return fleet::LocalRecordStore(filesystem, paths).load(); }
  void save(const fleet::LocalRecord& record) { REQUIRE(fleet::LocalRecordStore(filesystem, paths).save(record)); }

  TemporaryDirectory directory;
  PosixFilesystem filesystem;
  state::StatePaths paths{directory.path(), "production"};
};

}  // namespace

TEST_CASE("what was requested without the fleet is remembered, to be published") {
  Host host;
  host.save({.fingerprint = "AA", .generation = 7, .highest = 7});
  REQUIRE(remember_requested(host.filesystem, host.paths, "BB"));
  CHECK(host.local() == fleet::LocalRecord{.fingerprint = "BB", .generation = 0, .highest = 7});
}

TEST_CASE("what is rolled back is not adopted again, until it is activated") {
  Host host;
  REQUIRE(decline_installed(host.filesystem, host.paths, "BB"));
  CHECK(host.local() == fleet::LocalRecord{.declined = "BB"});
  CHECK(forget_declined(host.filesystem, host.paths, "AA").value());
  CHECK(host.local() == fleet::LocalRecord());
  CHECK_FALSE(forget_declined(host.filesystem, host.paths, "AA").value());
}

TEST_CASE("going back twice declines the latest, and so does going back from a later one") {
  Host host;
  host.save({.fingerprint = "CC", .generation = 8, .highest = 8});
  REQUIRE(decline_installed(host.filesystem, host.paths, "CC"));
  REQUIRE(decline_installed(host.filesystem, host.paths, "BB"));
  CHECK(host.local().declined == "CC");
  host.save(host.local().with("DD", 9));
  CHECK(host.local().declined.empty());
  REQUIRE(decline_installed(host.filesystem, host.paths, "DD"));
  CHECK(host.local().declined == "DD");
}

TEST_CASE("what was given up here is adopted again once something is activated") {
  Host host;
  host.save({.fingerprint = "BB", .generation = 7, .highest = 7});
  CHECK(forget_declined(host.filesystem, host.paths, "AA").value());
  CHECK(host.local() == fleet::LocalRecord{.highest = 7});
}

TEST_CASE("activating what is installed forgets nothing") {
  Host host;
  host.save({.fingerprint = "BB", .generation = 7, .highest = 7});
  CHECK_FALSE(forget_declined(host.filesystem, host.paths, "BB").value());
  CHECK(host.local().generation == 7);
}

TEST_CASE("an answer of the fleet that waits stays remembered") {
  Host host;
  host.save({.fingerprint = "CC", .generation = 8, .highest = 8});
  write_file(host.paths.answer(), "answer");
  REQUIRE(decline_installed(host.filesystem, host.paths, "BB"));
  CHECK(forget_declined(host.filesystem, host.paths, "BB").value());
  CHECK(host.local() == fleet::LocalRecord{.fingerprint = "CC", .generation = 8, .highest = 8});
}
