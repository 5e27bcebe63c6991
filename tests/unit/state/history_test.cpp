#include "state/history.hpp"

#include <sstream>

#include <boost/json.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::state;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

JournalEntry renewal(int number) {
  const std::chrono::sys_seconds start(1700000000s + 1000s * number);
  return {.phase = Phase::verified,
          .reached = {{Phase::requested, start}, {Phase::answered, start + 2s}, {Phase::verified, start + 30s}},
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
  std::filesystem::create_directories(paths.directory());
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

TEST_CASE("a line repeated after a crash is written once, a truncated one is skipped, and old ones are removed") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.directory());
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

TEST_CASE("what is done again by hand is another line, also with the same outcome") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  History history(filesystem, paths);
  const auto began = [](std::chrono::sys_seconds time) {
    return JournalEntry{.phase = Phase::verified, .reached = {{Phase::installed, time}}, .fingerprint = "F1"};
  };
  const std::chrono::sys_seconds first(1700001000s);
  const std::chrono::sys_seconds second(1700009000s);
  REQUIRE(history.append("activated", began(first), first + 5s));
  REQUIRE(history.append("activated", began(second), second + 5s));
  REQUIRE(history.append("activated", began(second), second + 60s));  // repeated after a crash
  REQUIRE(history.list().size() == 2);
  CHECK(history.list().back().ended == second + 5s);
}

TEST_CASE("the certificate in use is recorded, and a damaged record is ignored") {
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

TEST_CASE("an invalid line of the history is skipped, and removed with the next append") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.directory());
  History history(filesystem, paths);
  REQUIRE(history.append("renewed", renewal(1), TimePoint(1700001031s)));
  const std::string good = read_file(paths.history());
  const std::string bad = GENERATE(
      std::string(R"({"outcome":"\u001b[2Jrenewed","fingerprint":"F2","ended":"2023-11-14T22:30:31Z"})"),
      std::string(R"({"outcome":"lost","fingerprint":"F2","ended":"2023-11-14T22:30:31Z"})"),
      std::string(R"({"outcome":"renewed","fingerprint":"\u202eF2","ended":"2023-11-14T22:30:31Z"})"),
      R"({"outcome":"renewed","fingerprint":")" + std::string(201, 'F') + R"(","ended":"2023-11-14T22:30:31Z"})",
      std::string(R"({"outcome":"renewed","fingerprint":"F2","ended":"9999-12-31T23:59:59Z"})"),
      std::string(R"({"outcome":"renewed","fingerprint":"F2","ended":"yesterday"})"),
      std::string(R"({"outcome":"renewed","fingerprint":"F2","ended":1700001031})"),
      R"({"outcome":"renewed","fingerprint":"F2","ended":"2023-11-14T22:30:31Z","x":")" + std::string(4096, 'x') +
          "\"}",
      std::string(1000, '['), std::string("[]"), std::string("null"), std::string("\xff"), std::string());
  write_file(paths.history(), bad + "\n" + good + bad + "\n");
  CHECK(history.list().size() == 1);
  REQUIRE(history.append("rolled_back", renewal(2), TimePoint(1700002031s)));
  CHECK(lines(paths.history()).size() == 2);
  CHECK(history.list().back().outcome == "rolled_back");
}

TEST_CASE("only the newest past renewals are listed") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.directory());
  std::string text;
  for (std::size_t i = 0; i < 10 * kHistoryKept; ++i) {
    text += R"({"outcome":"renewed","fingerprint":"F)" + std::to_string(i) +
            R"(","ended":"2023-11-14T22:30:31Z"})"
            "\n";
  }
  write_file(paths.history(), text);
  const auto past = History(filesystem, paths).list();
  REQUIRE(past.size() == kHistoryKept);
  CHECK(past.back().fingerprint == "F" + std::to_string(10 * kHistoryKept - 1));
}

TEST_CASE("a certificate record with an invalid member is ignored") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.directory());
  const History history(filesystem, paths);
  const auto in_use = [&](const std::string& serial, const std::string& fingerprint, const std::string& not_after) {
    write_file(paths.in_use(), R"({"serial":)" + serial + R"(,"fingerprint":)" + fingerprint +
                                   R"(,"not_before":1600000000,"not_after":)" + not_after + "}");
    return history.in_use().has_value();
  };
  CHECK(in_use("\"-0A\"", "\"ff\"", "1700000000"));
  CHECK(in_use("\"0A\"", "\"FF\"", "9223286400"));  // how "no expiry" is kept: 2262-04-11
  CHECK_FALSE(in_use("\"0A\\u001b[31m\"", "\"FF\"", "1700000000"));
  CHECK_FALSE(in_use("\"" + std::string(201, '1') + "\"", "\"FF\"", "1700000000"));
  CHECK_FALSE(in_use("\"0A\"", "\"\"", "1700000000"));
  CHECK_FALSE(in_use("\"0A\"", "\"\\u202eFF\"", "1700000000"));
  const std::string date = GENERATE("-1", "9223286401", "9223372036854775807", "-9223372036854775808",
                                    "18446744073709551615", "1e300", "1.5", "NaN", "\"1700000000\"", "null", "[[[]]]");
  CAPTURE(date);
  CHECK_FALSE(in_use("\"0A\"", "\"FF\"", date));
}
