// The journal, as a crash, a backup or another program may leave it. A line of the input is the JSON of an entry, whose
// checksum is right; a line that begins with "!" is in the file as it is, without that character, a break or a
// checksum.
#include <boost/crc.hpp>
#include <fmt/format.h>

#include "core/text.hpp"
#include "input.hpp"
#include "state/journal.hpp"

namespace {

using namespace renewd;
using namespace renewd::state;
using renewd::fuzz::expect;

constexpr TimePoint kNow{std::chrono::seconds(1'700'000'000)};

struct Part {
  std::string text;
  bool is_entry;
};

std::vector<Part> parts_of(std::string_view bytes) {
  std::vector<Part> parts;
  for (fuzz::Input input(bytes); !input.empty();) {
    const std::string_view line = input.line();
    if (line.starts_with('!')) {
      parts.push_back({std::string(line.substr(1)), false});
      continue;
    }
    const std::string text = fmt::format("gravitee-renewd-journal 1\n{}\n", line);
    boost::crc_32_type crc;
    crc.process_bytes(text.data(), text.size());
    parts.push_back({fmt::format("{}crc32 {:08x}\n", text, crc.checksum()), true});
  }
  return parts;
}

void expect_printable(std::string_view text) {
  expect(escaped(text) == text && text.size() < 5000);
}

void expect_usable(TimePoint time) {
  expect(time >= TimePoint() && parse_time(format_time(time)));
}

// Whatever is read is printable, of a size and a time that can be counted with, and reads as it is written.
void expect_usable(const JournalEntry& entry) {
  expect_printable(entry.fingerprint.value_or(""));
  expect(entry.previous_generation.value_or(1) > 0 && entry.resumed >= 0 && entry.rolled_back >= 0);
  for (const auto& [phase, time] : entry.reached) {
    expect_usable(time);
  }
  if (const auto& last = entry.last_activation) {
    expect_usable(last->began);
    for (const auto& unit : last->running) {
      expect_printable(unit);
    }
    for (const auto& [unit, id] : last->invocations) {
      expect_printable(unit + id);
    }
  }
  expect(parse_journal(serialize(entry)) == entry);
  for (const Phase phase : {Phase::requested, Phase::accepted, Phase::activated, Phase::rolling_back}) {
    const JournalEntry next = advanced(entry, phase, kNow);
    expect(next.phase == phase && next.reached_at(phase) && parse_journal(serialize(next)) == next);
  }
}

// The last entry before the first invalid one, which hides all behind it.
std::optional<JournalEntry> expected_of(const std::vector<Part>& parts) {
  std::optional<JournalEntry> last;
  for (const Part& part : parts) {
    auto entry = part.is_entry ? parse_journal(part.text) : std::nullopt;
    if (!entry) {
      break;
    }
    last = std::move(entry);
  }
  return last;
}

// The file takes what the daemon adds next, whatever it holds, and moves aside what it cannot read.
void continue_file(const std::string& text, const std::optional<JournalEntry>& expected) {
  static const fuzz::Scratch scratch;
  static PosixFilesystem filesystem;
  static const StatePaths paths(scratch.path(), "production");
  std::filesystem::create_directories(paths.directory());
  fuzz::put(paths.journal(), text);
  Journal journal(filesystem, paths);
  const auto read = journal.read(kNow);
  expect(read && read->entry == expected && read->damaged.has_value() == !expected.has_value());
  JournalEntry next = advanced(expected.value_or(JournalEntry()), Phase::answered, kNow);
  next.rolled_back = 7;
  expect(journal.write(next, Durability::process).has_value() && journal.peek() == next);
  if (read->damaged) {
    std::filesystem::remove(*read->damaged);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  if (const auto entry = parse_journal(bytes)) {
    expect_usable(*entry);
  }
  const auto parts = parts_of(bytes);
  std::string text;
  for (const Part& part : parts) {
    text += part.text;
  }
  if (text.size() > std::size_t{32} * 1024) {
    return 0;  // longer than the daemon lets it become
  }
  const auto expected = expected_of(parts);
  // Raw parts may continue each other to what is a whole entry.
  const bool cut_in_lines = std::ranges::all_of(parts, &Part::is_entry);
  const auto parsed = parse_journal(text);
  expect(!cut_in_lines || parsed == expected);
  if (parsed) {
    expect_usable(*parsed);
  }
  continue_file(text, parsed);
  // A crash may cut the last entry short at any byte: what was valid before it still is.
  if (cut_in_lines && parts.size() > 1) {
    const auto before = expected_of({parts.begin(), parts.end() - 1});
    const std::size_t begin = text.size() - parts.back().text.size();
    const std::size_t cut = begin + size % parts.back().text.size();
    expect(parse_journal(std::string_view(text).substr(0, cut)) == before);
  }
  return 0;
}
