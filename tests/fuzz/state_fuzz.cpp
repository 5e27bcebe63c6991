// What the state directory holds: whatever is read must be printable and of a size and a time that can be counted with.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <boost/crc.hpp>
#include <fmt/format.h>

#include "core/text.hpp"
#include "state/generations.hpp"
#include "state/history.hpp"
#include "state/retry_state.hpp"

namespace {

using namespace renewd;
using namespace renewd::state;

constexpr TimePoint kNow{std::chrono::seconds(1'700'000'000)};

void expect(bool condition) {
  if (!condition) {
    std::abort();
  }
}

void expect_printable(std::string_view text) {
  expect(escaped(text) == text && text.size() < 5000);
}

void expect_usable(TimePoint time) {
  expect(time >= TimePoint() && parse_time(format_time(time)));
}

void expect_usable(const CertificateRecord& record) {
  expect_printable(record.serial);
  expect_printable(record.fingerprint);
  expect_usable(TimePoint(record.not_before));
  expect_usable(TimePoint(record.not_after));
}

// One directory for all inputs, in memory where the host has such a place.
const std::filesystem::path& directory() {
  static const std::filesystem::path made = [] {
    const auto below = std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
    auto path = below / ("state-fuzz-" + std::to_string(::getpid()));
    std::filesystem::create_directories(path / "production/generations");
    std::ofstream(path / "production/generations/1") << "keystore";
    return path;
  }();
  return made;
}

void put(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

// As it is, and as the line of JSON in a journal whose checksum is right.
void read_journal(std::string_view bytes) {
  (void)parse_journal(bytes);
  const std::string text = fmt::format("gravitee-renewd-journal 1\n{}\n", bytes);
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  if (const auto entry = parse_journal(fmt::format("{}crc32 {:08x}\n", text, crc.checksum()))) {
    expect_printable(entry->fingerprint.value_or(""));
    expect(entry->previous_generation.value_or(1) > 0 && entry->resumed >= 0 && entry->rolled_back >= 0);
    for (const auto& [phase, time] : entry->reached) {
      expect_usable(time);
    }
    if (const auto& last = entry->last_activation) {
      expect_usable(last->began);
      for (const auto& unit : last->running) {
        expect_printable(unit);
      }
    }
    expect(parse_journal(serialize(*entry)) == entry);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  static PosixFilesystem filesystem;
  static const StatePaths paths(directory(), "production");
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0: {
      put(paths.attempts(), bytes);
      const RetryState attempts = RetryStateStore(filesystem, paths).load();
      for (const auto* text : {&attempts.last_failure, &attempts.last_message, &attempts.last_advice}) {
        expect_printable(*text);
      }
      for (const TimePoint time : {attempts.not_before, attempts.expiry_announced}) {
        expect_usable(time);
      }
      break;
    }
    case 1:
      put(paths.requests(), bytes);
      expect(RequestLog(filesystem, paths).peek(kNow).size() <= 1000);
      break;
    case 2:
      put(paths.history(), bytes);
      for (const auto& past : History(filesystem, paths).list()) {
        expect_printable(past.outcome);
        expect_printable(past.fingerprint);
        (void)format_time(past.ended);
      }
      break;
    case 3:
      put(paths.in_use(), bytes);
      if (const auto record = History(filesystem, paths).in_use()) {
        expect_usable(*record);
      }
      break;
    case 4: {
      put(paths.generations_index(), bytes);
      const auto kept = Generations(filesystem, paths).list();
      expect(kept && kept->size() == 1);
      for (const auto& generation : *kept) {
        if (generation.certificate) {
          expect_usable(*generation.certificate);
        }
      }
      break;
    }
    default:
      read_journal(bytes);
  }
  return 0;
}
