#include "fleet/local_record.hpp"

#include <map>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::fleet;
using namespace renewd::testing;

TEST_CASE("what a member knows of the fleet is stored, and a damaged file counts as none") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const state::StatePaths paths(directory.path(), "production");
  LocalRecordStore store(filesystem, paths);
  CHECK(store.load() == LocalRecord());
  const LocalRecord record{.fingerprint = "AB12", .generation = 7, .highest = 9, .rolled_back = 2, .declined = "CD34"};
  REQUIRE(store.save(record));
  CHECK(store.load() == record);
  CHECK(std::filesystem::exists(directory.path() / "production" / "fleet"));
  for (const char* const damaged : {"", "{", "{}", "[]", "7", "\xff", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}) {
    write_file(paths.fleet(), damaged);
    CHECK(store.load() == LocalRecord());
  }
}

TEST_CASE("a member's file with an invalid number counts as none") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const state::StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.directory());
  const LocalRecordStore store(filesystem, paths);
  const auto loaded = [&](const std::string& name, const std::string& value) {
    std::map<std::string, std::string> members{{"fingerprint", "\"AB\""}, {"generation", "1"},  {"highest", "2"},
                                               {"rolled_back", "3"},      {"declined", "\"\""}, {"later", "{}"}};
    members[name] = value;
    std::string text;
    for (const auto& [key, member] : members) {
      text += (text.empty() ? "{" : ",") + ("\"" + key + "\":") + member;
    }
    write_file(paths.fleet(), text + "}");
    return store.load();
  };
  REQUIRE(loaded("generation", "5") ==
          LocalRecord{.fingerprint = "AB", .generation = 5, .highest = 2, .rolled_back = 3});
  for (const char* const wrong : {"-1", "0.5", "1e300", "18446744073709551615", "\"1\"", "null", "{}"}) {
    for (const char* const name : {"generation", "highest", "rolled_back", "fingerprint", "declined"}) {
      CAPTURE(name, wrong);
      const bool is_digit =
          (std::string(name) == "fingerprint" || std::string(name) == "declined") && std::string(wrong) == "\"1\"";
      CHECK((is_digit || loaded(name, wrong) == LocalRecord()));
    }
  }
}
