#include "installation/generations.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::installation;
using namespace renewd::testing;

TEST_CASE("the three newest generations stay, numbered on") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  Generations generations(filesystem, paths);
  for (int i = 1; i <= 12; ++i) {
    CHECK(generations.keep("keystore " + std::to_string(i)).value() == i);
  }
  // 12 comes after 9: by number, not by name.
  CHECK(filesystem.list(paths.generations()).value() == std::vector<std::string>{"10", "11", "12"});
  CHECK(read_file(paths.generations() / "12") == "keystore 12");
  CHECK((std::filesystem::status(paths.generations() / "12").permissions() & std::filesystem::perms::mask) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("the same keystore is not kept twice in a row") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  Generations generations(filesystem, StatePaths(directory.path(), "production"));
  CHECK(generations.keep("a").value() == 1);
  CHECK(generations.keep("a").value() == 1);
  CHECK(generations.keep("b").value() == 2);
  CHECK(generations.keep("a").value() == 3);
}

TEST_CASE("strangers in the directory are left alone") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.generations());
  write_file(paths.generations() / "notes.txt", "mine");
  write_file(paths.generations() / "-3", "mine");
  write_file(paths.generations() / "7x", "mine");
  Generations generations(filesystem, paths);
  for (int i = 1; i <= 5; ++i) {
    REQUIRE(generations.keep(std::to_string(i)).value() == i);
  }
  CHECK(filesystem.list(paths.generations()).value() ==
        std::vector<std::string>{"-3", "3", "4", "5", "7x", "notes.txt"});
}
