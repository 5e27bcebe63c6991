#include "state/journal.hpp"

#include <limits>

#include <boost/crc.hpp>
#include <fmt/format.h>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::state;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

std::chrono::sys_seconds at(std::int64_t seconds) {
  return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

const std::string kUnit = "graviteeio-apim-gateway.service";

JournalEntry entry() {
  return {.phase = Phase::accepted,
          .reached = {{Phase::requested, at(1700000000)},
                      {Phase::answered, at(1700000002)},
                      {Phase::accepted, at(1700000003)}},
          .fingerprint = "AB12",
          .previous_generation = 7,
          .in_use = true,
          .last_activation = {{.began = at(1700000003) + 123456us,
                               .running = {kUnit},
                               .invocations = {{"b.service", ""}, {kUnit, "0123456789abcdef0123456789abcdef"}},
                               .log_position = "2049:7:512 /var/log/gateway.log"}},
          .resumed = 2,
          .rolled_back = 1};
}

// The same as format 1 has it.
constexpr std::string_view kText =
    "gravitee-renewd-journal 1\n"
    R"({"phase":"accepted","reached":{"requested":1700000000,"answered":1700000002,"accepted":1700000003},)"
    R"("fingerprint":"AB12","previous_generation":7,"in_use":true,"running":["graviteeio-apim-gateway.service"],)"
    R"("activation_began":1700000003123456,"invocations":{"b.service":"",)"
    R"("graviteeio-apim-gateway.service":"0123456789abcdef0123456789abcdef"},)"
    R"("log_position":"2049:7:512 /var/log/gateway.log","resumed":2,"rolled_back":1})"
    "\ncrc32 f26bd6ba\n";

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

TEST_CASE("the journal's text is that of format 1") {
  CHECK(serialize(entry()) == kText);
  CHECK(parse_journal(kText) == entry());
}

TEST_CASE("every phase survives the journal") {
  const auto phase = GENERATE(Phase::requested, Phase::answered, Phase::accepted, Phase::installed, Phase::activated,
                              Phase::verified, Phase::rolling_back);
  auto written = entry();
  written.phase = phase;
  written.reached[phase] = at(1700000009);
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
  CHECK_FALSE(parse_journal(std::string(text.size(), '\0')));
}

namespace {

// `entry()` in another phase, so that the two have texts of different lengths.
JournalEntry next_entry() {
  return advanced(entry(), Phase::installed, at(1700000005));
}

}  // namespace

TEST_CASE("entries are added to the journal, and the last one counts") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  Journal journal(filesystem, paths);
  const auto durability = GENERATE(Durability::process, Durability::full);
  REQUIRE(journal.write(entry()));
  REQUIRE(journal.write(next_entry(), durability));
  CHECK(read_file(paths.journal()) == serialize(entry()) + serialize(next_entry()));
  CHECK(journal.read(TimePoint(0s))->entry == next_entry());
  CHECK(journal.peek() == next_entry());

  JournalEntry requested{.phase = Phase::requested, .reached = {{Phase::requested, at(1700000009)}}};
  REQUIRE(journal.write(requested));
  CHECK(read_file(paths.journal()) == serialize(requested));
}

TEST_CASE("of an entry that a crash has cut short, nothing counts, and the next one is not added behind it") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  Journal journal(filesystem, paths);
  const std::string first = serialize(entry());
  const std::string second = serialize(next_entry());
  REQUIRE(journal.write(entry()));
  for (std::size_t size = 0; size < second.size(); ++size) {
    // What was not written may also be zeros.
    for (const std::size_t zeros : {0UL, 10UL}) {
      CAPTURE(size, zeros);
      write_file(paths.journal(), first + second.substr(0, size) + std::string(zeros, '\0'));
      const auto contents = journal.read(TimePoint(0s));
      REQUIRE(contents);
      CHECK(contents->entry == entry());
      CHECK_FALSE(contents->damaged);
    }
  }
  REQUIRE(journal.write(next_entry()));
  CHECK(read_file(paths.journal()) == second);
}

TEST_CASE("what follows a damaged entry is not trusted") {
  const std::string first = serialize(entry());
  const std::string second = serialize(next_entry());
  REQUIRE(parse_journal(first + second) == next_entry());
  for (std::size_t i = 0; i < second.size(); ++i) {
    CAPTURE(i);
    // Parts of two entries that were being written may reach the disk in any order.
    std::string changed = first + second + second;
    changed[first.size() + i] = static_cast<char>(changed[first.size() + i] ^ 1);
    CHECK(parse_journal(changed) == entry());
  }
  for (std::size_t i = 0; i < first.size(); ++i) {
    CAPTURE(i);
    std::string changed = first + second;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(parse_journal(changed));
  }
}

TEST_CASE("a journal does not grow for ever") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  Journal journal(filesystem, paths);
  for (int i = 0; i < 200; ++i) {
    REQUIRE(journal.write(entry(), Durability::process));
    CHECK(std::filesystem::file_size(paths.journal()) < 40000);
  }
  CHECK(journal.peek() == entry());
}

TEST_CASE("where an entry cannot be added, the file is replaced") {
  class AppendsNothing final : public PosixFilesystem {
   public:
    Result<void> append(const std::filesystem::path&, std::string_view, Durability) override {
      return failure(ErrorKind::disk, "it belongs to root");
    }
  };
  const TemporaryDirectory directory;
  AppendsNothing filesystem;
  const StatePaths paths(directory.path(), "production");
  Journal journal(filesystem, paths);
  REQUIRE(journal.write(entry()));
  REQUIRE(journal.write(next_entry()));
  CHECK(read_file(paths.journal()) == serialize(next_entry()));
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

TEST_CASE("a journal with a valid checksum and invalid members is not trusted") {
  using std::chrono::microseconds;
  using std::chrono::sys_seconds;
  using std::chrono::sys_time;
  const auto spoilt = GENERATE(
      +[](JournalEntry& e) { e.fingerprint = "\x1b[2J"; },
      +[](JournalEntry& e) { e.fingerprint = std::string(201, 'A'); },
      +[](JournalEntry& e) { e.previous_generation = -1; }, +[](JournalEntry& e) { e.resumed = -1; },
      +[](JournalEntry& e) { e.resumed = std::numeric_limits<int>::max(); },
      +[](JournalEntry& e) { e.rolled_back = std::numeric_limits<int>::max(); },
      +[](JournalEntry& e) { e.reached[Phase::requested] = at(-1); },
      +[](JournalEntry& e) { e.reached[Phase::requested] = sys_seconds::max(); },
      +[](JournalEntry& e) { e.reached[Phase::requested] = sys_seconds::min(); },
      +[](JournalEntry& e) { e.last_activation->began = sys_time<microseconds>(-1us); },
      +[](JournalEntry& e) { e.last_activation->began = sys_time<microseconds>::max(); },
      +[](JournalEntry& e) { e.last_activation->running = {"gateway"}; },
      +[](JournalEntry& e) { e.last_activation->running = {"-x y.service"}; },
      +[](JournalEntry& e) { e.last_activation->running = {"\u202e.service"}; },
      +[](JournalEntry& e) { e.last_activation->running = {std::string(250, 'a') + ".service"}; },
      +[](JournalEntry& e) { e.last_activation->running.assign(65, "gateway.service"); },
      +[](JournalEntry& e) { e.last_activation->invocations = {{"gateway", "ab"}}; },
      +[](JournalEntry& e) { e.last_activation->invocations = {{"gateway.service", "not an ID"}}; },
      +[](JournalEntry& e) { e.last_activation->invocations = {{"gateway.service", std::string(33, 'a')}}; },
      +[](JournalEntry& e) { e.last_activation->log_position = "1:2:3 /" + std::string(5000, 'a'); });
  JournalEntry changed = entry();
  spoilt(changed);
  CHECK_FALSE(parse_journal(serialize(changed)));
}

TEST_CASE("a journal of an early phase lacks the members of later ones") {
  JournalEntry early{.phase = Phase::requested, .reached = {{Phase::requested, at(1700000000)}}};
  CHECK(parse_journal(serialize(early)) == early);
  early.last_activation = {.began = at(1700000001),
                           .running = {"gravitee@1\\x2da.service", "a:b_c.d-e.service"},
                           .invocations = {},
                           .log_position = "- /var/log/a gateway.log"};
  CHECK(parse_journal(serialize(early)) == early);
}

TEST_CASE("a journal of a version that did not note the runs of units is read") {
  JournalEntry old = entry();
  old.last_activation->invocations.clear();
  std::string text = serialize(old);
  const std::string member = "\"invocations\":{},";
  text.erase(text.find(member), member.size());
  const auto end = text.rfind("crc32 ");
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), end);
  text.replace(end + 6, 8, fmt::format("{:08x}", crc.checksum()));
  CHECK(parse_journal(text) == old);
}

TEST_CASE("after going back, a phase is the last one reached, and keeps its time") {
  JournalEntry record = advanced(entry(), Phase::installed, TimePoint(1700000009s));
  CHECK(record.phase == Phase::installed);
  CHECK(record.reached_at(Phase::installed) == at(1700000009));
  CHECK(record.resumed == 0);
  CHECK(record.last_activation->invocations.empty());
  CHECK(record.last_activation->running == entry().last_activation->running);
  record =
      advanced(advanced(record, Phase::rolling_back, TimePoint(1700000010s)), Phase::answered, TimePoint(1700000011s));
  CHECK(record.reached ==
        decltype(record.reached){{Phase::requested, at(1700000000)}, {Phase::answered, at(1700000002)}});
}

TEST_CASE("interruptions are counted for each phase, and activating and verifying the gateway count as one") {
  const TimePoint now(1700000009s);
  JournalEntry record = advanced(entry(), Phase::installed, now);
  record.resumed = 5;
  CHECK(advanced(record, Phase::installed, now).resumed == 5);
  record = advanced(record, Phase::activated, now);
  CHECK(record.resumed == 5);
  CHECK(advanced(record, Phase::installed, now).resumed == 5);
  CHECK(advanced(record, Phase::verified, now).resumed == 0);
  CHECK(advanced(record, Phase::rolling_back, now).resumed == 0);
}

TEST_CASE("the predicates of every phase") {
  const auto waiting = GENERATE(Phase::answered, Phase::accepted);
  CHECK(JournalEntry{.phase = waiting}.waits_for_installation());
  CHECK_FALSE(JournalEntry{.phase = waiting}.is_at_gateway());
  const auto at_gateway = GENERATE(Phase::installed, Phase::activated, Phase::verified, Phase::rolling_back);
  CHECK(JournalEntry{.phase = at_gateway}.is_at_gateway());
  CHECK_FALSE(JournalEntry{.phase = at_gateway}.waits_for_installation());
  const JournalEntry requested{.phase = Phase::requested};
  CHECK_FALSE((requested.waits_for_installation() || requested.is_at_gateway()));
}
