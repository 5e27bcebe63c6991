// What the state directory holds beside the journal. Whatever is read must be printable and of a size and a time that
// can be counted with, and be read again as it is written. The first byte of the input says which file the rest is.
#include <fmt/format.h>

#include "core/text.hpp"
#include "fleet/local_record.hpp"
#include "input.hpp"
#include "state/generations.hpp"
#include "state/history.hpp"
#include "state/observation.hpp"
#include "state/retry_state.hpp"

namespace {

using namespace renewd;
using namespace renewd::state;
using renewd::fuzz::expect;
using renewd::fuzz::put;

constexpr TimePoint kNow{std::chrono::seconds(1'700'000'000)};

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

void expect_printable(const std::optional<Problem>& problem) {
  if (problem) {
    expect_printable(problem->message);
    expect_printable(problem->advice);
  }
}

class StateFiles {
 public:
  StateFiles() {
    std::filesystem::create_directories(paths_.generations());
    put(paths_.generations() / "1", "keystore");
  }

  void attempts(std::string_view bytes) {
    put(paths_.attempts(), bytes);
    RetryStateStore store(filesystem_, paths_);
    const RetryState attempts = store.load();
    for (const auto* text : {&attempts.last_failure, &attempts.last_message, &attempts.last_advice}) {
      expect_printable(*text);
    }
    for (const TimePoint time : {attempts.not_before, attempts.expiry_announced, attempts.failing_since,
                                 attempts.failed_at, attempts.known_not_after, attempts.run_at}) {
      expect_usable(time);
    }
    expect(store.save(attempts).has_value() && store.load() == attempts);
  }

  void requests(std::string_view bytes) {
    put(paths_.requests(), bytes);
    RequestLog log(filesystem_, paths_);
    const auto before = log.load(kNow);
    expect(before.size() <= 1000 && std::ranges::is_sorted(before) && log.peek(kNow) == before);
    for (const TimePoint request : before) {
      expect(request <= kNow && request > kNow - std::chrono::hours(24));
    }
    // One more counts, unless as many are counted as can be.
    expect(log.add(kNow).has_value());
    const auto after = log.peek(kNow);
    expect(!after.empty() && after.back() == kNow && after.size() == std::min<std::size_t>(before.size() + 1, 1000));
  }

  void history(std::string_view bytes) {
    put(paths_.history(), bytes);
    History history(filesystem_, paths_);
    const auto before = history.list();
    for (const auto& past : before) {
      expect_printable(past.outcome);
      expect_printable(past.fingerprint);
      (void)format_time(past.ended);
    }
    const JournalEntry entry{.phase = Phase::verified,
                             .reached = {{Phase::requested, std::chrono::floor<std::chrono::seconds>(kNow)}},
                             .fingerprint = "AB12"};
    expect(history.append("renewed", entry, kNow).has_value());
    const auto after = history.list();
    // It is there now, unless the file had it already; what was valid still is, up to the limit.
    expect(!after.empty() && after.back().outcome == "renewed" && after.back().fingerprint == "AB12");
    expect(after.size() == before.size() || after.size() == std::min(before.size() + 1, kHistoryKept));
  }

  void in_use(std::string_view bytes) {
    put(paths_.in_use(), bytes);
    History history(filesystem_, paths_);
    if (const auto record = history.in_use()) {
      expect_usable(*record);
      expect(history.record_in_use(*record).has_value() && history.in_use() == record);
    }
  }

  void generations(std::string_view bytes) {
    put(paths_.generations_index(), bytes);
    Generations generations(filesystem_, paths_);
    const auto kept = generations.list();
    expect(kept && kept->size() == 1 && kept->front().number == 1);
    if (const auto& certificate = kept->front().certificate) {
      expect_usable(*certificate);
      // Storing the same keystore again writes the index from what was read.
      expect(generations.store("keystore", certificate) == 1);
      expect(generations.list()->front().certificate == certificate);
    }
    expect_printable(describe(kept->front()));
  }

  void observation(std::string_view bytes) {
    put(paths_.observation(), bytes);
    ObservationStore store(filesystem_, paths_);
    const Observation observation = store.load();
    for (const auto* problem :
         {&observation.keystore, &observation.token, &observation.replacement, &observation.state,
          &observation.activation, &observation.health_check, &observation.health, &observation.ca_file}) {
      expect_printable(*problem);
    }
    for (const auto& time : {observation.configuration, observation.token_changed}) {
      expect_usable(time.value_or(TimePoint()));
    }
    expect_usable(TimePoint(observation.token_not_after.value_or(std::chrono::sys_seconds())));
    if (const auto& fleet = observation.fleet) {
      expect(escaped(describe(*fleet)) == describe(*fleet));
      for (const auto* problem : {&fleet->problem, &fleet->other_key, &fleet->conflict, &fleet->refused}) {
        expect_printable(*problem);
      }
    }
    expect(store.save(observation).has_value() && store.load() == observation);
  }

  void fleet(std::string_view bytes) {
    put(paths_.fleet(), bytes);
    fleet::LocalRecordStore store(filesystem_, paths_);
    const fleet::LocalRecord record = store.load();
    expect_printable(record.fingerprint);
    expect_printable(record.declined);
    expect(record.rolled_back >= 0);
    expect(store.save(record).has_value() && store.load() == record);
  }

 private:
  fuzz::Scratch scratch_;
  PosixFilesystem filesystem_;
  StatePaths paths_{scratch_.path(), "production"};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static StateFiles files;
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes = fuzz::text_of(data, size).substr(1);
  // Letters, so that a seed is a text.
  switch (data[0]) {
    case 'a':
      files.attempts(bytes);
      break;
    case 'r':
      files.requests(bytes);
      break;
    case 'h':
      files.history(bytes);
      break;
    case 'i':
      files.in_use(bytes);
      break;
    case 'g':
      files.generations(bytes);
      break;
    case 'o':
      files.observation(bytes);
      break;
    case 'f':
      files.fleet(bytes);
      break;
    default:
      break;
  }
  return 0;
}
