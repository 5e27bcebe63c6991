#include "installation/journal.hpp"

#include <limits>

#include <boost/crc.hpp>
#include <fmt/format.h>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::installation;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

JournalEntry entry() {
  return {.phase = Phase::accepted,
          .reached = {{Phase::requested, 1700000000}, {Phase::answered, 1700000002}, {Phase::accepted, 1700000003}},
          .fingerprint = "AB12",
          .previous_generation = 7,
          .in_use = true,
          .running = {"graviteeio-apim-gateway.service"},
          .activation_began = 1700000003123456,
          .invocations = {{"graviteeio-apim-gateway.service", "0123456789abcdef0123456789abcdef"}, {"b.service", ""}},
          .log_position = "2049:7:512 /var/log/gateway.log",
          .resumed = 2,
          .rolled_back = 1};
}

}  // namespace

TEST_CASE("a journal is read as it was written") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  Journal journal(filesystem, StatePaths(directory.path(), "production"));
  CHECK_FALSE(journal.read(TimePoint(0s))->entry);
  REQUIRE(journal.write(entry()));
  CHECK(journal.read(TimePoint(0s))->entry == entry());
  REQUIRE(journal.clear());
  CHECK_FALSE(journal.read(TimePoint(0s))->entry);
  CHECK(journal.clear());
}

TEST_CASE("every phase survives the journal") {
  const auto phase = GENERATE(Phase::requested, Phase::answered, Phase::accepted, Phase::installed, Phase::activated,
                              Phase::verified, Phase::rolling_back);
  auto written = entry();
  written.phase = phase;
  written.reached[phase] = 1700000009;
  CHECK(parse_journal(serialize(written)) == written);
}

TEST_CASE("a journal with any byte changed, cut or added is not trusted") {
  const std::string text = serialize(entry());
  REQUIRE(parse_journal(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    CAPTURE(i);
    CHECK_FALSE(parse_journal(text.substr(0, i)));
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(parse_journal(changed));
  }
  CHECK_FALSE(parse_journal(text + "\n"));
  CHECK_FALSE(parse_journal(std::string(text.size(), '\0')));
}

TEST_CASE("a damaged journal is set aside, and the next is written in its place") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  Journal journal(filesystem, paths);
  REQUIRE(journal.write(entry()));
  write_file(paths.journal(), read_file(paths.journal()).substr(5));
  const auto contents = journal.read(TimePoint(0s));
  REQUIRE(contents);
  CHECK_FALSE(contents->entry);
  REQUIRE(contents->damaged);
  CHECK(contents->damaged->filename() == "journal-damaged-1970-01-01T00:00:00Z");
  CHECK(std::filesystem::exists(*contents->damaged));
  CHECK_FALSE(std::filesystem::exists(paths.journal()));
  REQUIRE(journal.write(entry()));
  CHECK(journal.read(TimePoint(0s))->entry == entry());
}

TEST_CASE("a journal whose checksum is right and whose members are not is not trusted") {
  const auto spoilt = GENERATE(
      +[](JournalEntry& e) { e.fingerprint = "\x1b[2J"; },
      +[](JournalEntry& e) { e.fingerprint = std::string(201, 'A'); },
      +[](JournalEntry& e) { e.previous_generation = -1; }, +[](JournalEntry& e) { e.resumed = -1; },
      +[](JournalEntry& e) { e.resumed = std::numeric_limits<int>::max(); },
      +[](JournalEntry& e) { e.rolled_back = std::numeric_limits<int>::max(); },
      +[](JournalEntry& e) { e.reached[Phase::requested] = -1; },
      +[](JournalEntry& e) { e.reached[Phase::requested] = std::numeric_limits<std::int64_t>::max(); },
      +[](JournalEntry& e) { e.reached[Phase::requested] = std::numeric_limits<std::int64_t>::min(); },
      +[](JournalEntry& e) { e.activation_began = -1; },
      +[](JournalEntry& e) { e.activation_began = std::numeric_limits<std::int64_t>::max(); },
      +[](JournalEntry& e) { e.running = {"gateway"}; }, +[](JournalEntry& e) { e.running = {"-x y.service"}; },
      +[](JournalEntry& e) { e.running = {"\u202e.service"}; },
      +[](JournalEntry& e) { e.running = {std::string(250, 'a') + ".service"}; },
      +[](JournalEntry& e) { e.running.assign(65, "gateway.service"); },
      +[](JournalEntry& e) { e.invocations = {{"gateway", "ab"}}; },
      +[](JournalEntry& e) { e.invocations = {{"gateway.service", "not an ID"}}; },
      +[](JournalEntry& e) { e.invocations = {{"gateway.service", std::string(33, 'a')}}; },
      +[](JournalEntry& e) { e.log_position = "1:2:3 /" + std::string(5000, 'a'); });
  JournalEntry changed = entry();
  spoilt(changed);
  CHECK_FALSE(parse_journal(serialize(changed)));
}

TEST_CASE("a journal may hold what every phase before activation lacks, and a log that was not there") {
  JournalEntry early{.phase = Phase::requested, .reached = {{Phase::requested, 1700000000}}};
  CHECK(parse_journal(serialize(early)) == early);
  early.log_position = "- /var/log/a gateway.log";
  early.running = {"gravitee@1\\x2da.service", "a:b_c.d-e.service"};
  CHECK(parse_journal(serialize(early)) == early);
}

TEST_CASE("a journal of a daemon that did not note the runs of units is read") {
  JournalEntry old = entry();
  old.invocations.clear();
  std::string text = serialize(old);
  const std::string member = "\"invocations\":{},";
  text.erase(text.find(member), member.size());
  const auto end = text.rfind("crc32 ");
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), end);
  text.replace(end + 6, 8, fmt::format("{:08x}", crc.checksum()));
  CHECK(parse_journal(text) == old);
}
