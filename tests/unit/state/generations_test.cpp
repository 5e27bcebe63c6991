#include "state/generations.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::state;
using namespace renewd::testing;

TEST_CASE("the three newest generations stay, with increasing numbers") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  Generations generations(filesystem, paths);
  for (int i = 1; i <= 12; ++i) {
    CHECK(generations.store("keystore " + std::to_string(i), std::nullopt).value() == i);
  }
  // 12 comes after 9: by number, not by name.
  CHECK(filesystem.list(paths.generations()).value() == std::vector<std::string>{"10", "11", "12"});
  CHECK(read_file(paths.generations() / "12") == "keystore 12");
  CHECK((std::filesystem::status(paths.generations() / "12").permissions() & std::filesystem::perms::mask) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("the same keystore is not stored twice in a row") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  Generations generations(filesystem, StatePaths(directory.path(), "production"));
  CHECK(generations.store("a", std::nullopt).value() == 1);
  CHECK(generations.store("a", std::nullopt).value() == 1);
  CHECK(generations.store("b", std::nullopt).value() == 2);
  CHECK(generations.store("a", std::nullopt).value() == 3);
}

TEST_CASE("other files in the directory are ignored") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.generations());
  write_file(paths.generations() / "notes.txt", "mine");
  write_file(paths.generations() / "-3", "mine");
  write_file(paths.generations() / "7x", "mine");
  Generations generations(filesystem, paths);
  for (int i = 1; i <= 5; ++i) {
    REQUIRE(generations.store(std::to_string(i), std::nullopt).value() == i);
  }
  CHECK(filesystem.list(paths.generations()).value() ==
        std::vector<std::string>{"-3", "3", "4", "5", "7x", "notes.txt"});
}

TEST_CASE("the certificate of each generation is known as long as it is stored") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  Generations generations(filesystem, paths);
  const auto certificate = [](int number) {
    const std::chrono::sys_seconds not_before(std::chrono::seconds(1700000000 + number));
    return CertificateRecord{std::to_string(number), "FF", not_before, not_before + std::chrono::days(365)};
  };
  for (int i = 1; i <= 4; ++i) {
    REQUIRE(generations.store(std::to_string(i), certificate(i)));
  }
  REQUIRE(generations.store("cannot be opened", std::nullopt));
  const auto kept = generations.list().value();
  REQUIRE(kept.size() == 3);
  CHECK(kept[0].number == 3);
  CHECK(kept[0].certificate == certificate(3));
  CHECK(kept[1].certificate == certificate(4));
  CHECK_FALSE(kept[2].certificate);

  // What an earlier attempt could not write is made up for.
  std::filesystem::remove(paths.generations_index());
  REQUIRE(generations.store("cannot be opened", certificate(5)).value() == 5);
  CHECK(generations.list().value()[2].certificate == certificate(5));

  // Damaged or gone, it costs the details and nothing else.
  write_file(paths.generations_index(), "{\"4\": {\"serial\": 7}, \"x\": 1");
  CHECK_FALSE(generations.list().value()[1].certificate);
  REQUIRE(generations.store("6", certificate(6)));
  CHECK(generations.list().value()[2].certificate == certificate(6));
}

TEST_CASE("what an interrupted attempt left undone is done by the next one") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  Generations generations(filesystem, paths);
  const CertificateRecord certificate{"4", "FF", {}, std::chrono::sys_seconds(std::chrono::days(365))};
  for (int i = 1; i <= 3; ++i) {
    REQUIRE(generations.store(std::to_string(i), std::nullopt));
  }
  // Interrupted after the keystore itself.
  write_file(paths.generations() / "4", "4");
  SECTION("by storing it") {
    CHECK(generations.store("4", certificate).value() == 4);
  }
  SECTION("by keeping it") {
    REQUIRE(keep(filesystem, paths, "4", certificate));
  }
  const auto kept = generations.list().value();
  REQUIRE(kept.size() == 3);
  CHECK(kept.front().number == 2);
  CHECK(kept.back().certificate == certificate);
  // An older one is not stored again.
  REQUIRE(keep(filesystem, paths, "2", certificate));
  CHECK(generations.list().value().back().number == 4);
}

TEST_CASE("a number that is too large is ignored") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.generations());
  write_file(paths.generations() / "2147483647", "mine");
  Generations generations(filesystem, paths);
  CHECK(generations.store("a", std::nullopt).value() == 1);
  CHECK(generations.list().value().size() == 1);
}

TEST_CASE("invalid details of one generation do not affect those of others") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  Generations generations(filesystem, paths);
  REQUIRE(generations.store("a", std::nullopt));
  REQUIRE(generations.store("b", std::nullopt));
  write_file(paths.generations_index(),
             R"({"1":{"serial":"\u001b[2J","fingerprint":"FF","not_before":1,"not_after":2},)"
             R"("2":{"serial":"0A","fingerprint":"FF","not_before":1,"not_after":2},"99999999999":{}})");
  const auto kept = generations.list().value();
  REQUIRE(kept.size() == 2);
  CHECK_FALSE(kept[0].certificate);
  CHECK(kept[1].certificate);
}
