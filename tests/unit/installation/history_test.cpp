#include "installation/history.hpp"

#include <sstream>

#include <boost/json.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::installation;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

JournalEntry renewal(int number) {
  const std::int64_t start = 1700000000 + 1000 * number;
  return {.phase = Phase::verified,
          .reached = {{Phase::requested, start}, {Phase::answered, start + 2}, {Phase::verified, start + 30}},
          .fingerprint = "F" + std::to_string(number)};
}

std::vector<boost::json::object> lines(const std::filesystem::path& file) {
  std::vector<boost::json::object> parsed;
  std::istringstream text(read_file(file));
  for (std::string line; std::getline(text, line);) {
    parsed.push_back(boost::json::parse(line).as_object());
  }
  return parsed;
}

}  // namespace

TEST_CASE("a renewal is one line with the seconds of each phase") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.directory);
  History history(filesystem, paths);
  REQUIRE(history.append("renewed", renewal(1), TimePoint(1700001031s)));
  const auto written = lines(paths.history());
  REQUIRE(written.size() == 1);
  CHECK(written[0].at("outcome") == "renewed");
  CHECK(written[0].at("fingerprint") == "F1");
  CHECK(written[0].at("began") == "2023-11-14T22:30:00Z");
  CHECK(written[0].at("ended") == "2023-11-14T22:30:31Z");
  CHECK(written[0].at("seconds").at("answered") == 2);
  CHECK(written[0].at("seconds").at("verified") == 28);
}

TEST_CASE("a line repeated after a crash stands once, a torn one is left out, and old ones go") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.directory);
  History history(filesystem, paths);
  REQUIRE(history.append("renewed", renewal(1), TimePoint(1700001031s)));
  REQUIRE(history.append("renewed", renewal(1), TimePoint(1700009999s)));
  CHECK(lines(paths.history()).size() == 1);
  write_file(paths.history(), read_file(paths.history()) + "{\"outcome\": \"ren");
  for (int number = 2; number < 220; ++number) {
    REQUIRE(history.append("renewed", renewal(number), TimePoint(1700001031s)));
  }
  const auto written = lines(paths.history());
  CHECK(written.size() == kHistoryKept);
  CHECK(written.back().at("fingerprint") == "F219");
}

TEST_CASE("what the gateway uses is remembered, and a damaged record is none") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  History history(filesystem, paths);
  CHECK_FALSE(history.in_use());
  const CertificateRecord written{"0A", "FF", std::chrono::sys_seconds(1600000000s),
                                  std::chrono::sys_seconds(1700000000s)};
  REQUIRE(history.record_in_use(written));
  const auto in_use = history.in_use();
  REQUIRE(in_use);
  CHECK(*in_use == written);
  write_file(paths.in_use(), "{\"serial\": 3}");
  CHECK_FALSE(history.in_use());
}
