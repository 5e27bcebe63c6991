#include "gateway/unit_journal.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <systemd/sd-id128.h>

#include "core/descriptor.hpp"
#include "core/try.hpp"

namespace renewd::gateway {
namespace {

// More than a unit may log between two checks (RateLimitBurst=, journald.conf(5)).
constexpr int kEntriesPerRead = 10'000;
constexpr const char* kNoJournal = "this host has no journal; is systemd-journald running?";
constexpr std::string_view kField = "MESSAGE";

tl::unexpected<Error> failed(const std::string& unit, const std::string& why) {
  return failure(ErrorKind::gateway, fmt::format("reading the journal of {}: {}", unit, why));
}

// sd-journal returns negative errno values.
tl::unexpected<Error> failed(const std::string& unit, int negative_error) {
  return system_failure(ErrorKind::gateway, "reading the journal of " + unit, -negative_error);
}

}  // namespace

Result<void> check_journal(const std::string& unit) {
  sd_id128_t machine;
  if (sd_id128_get_machine(&machine) < 0) {
    return failed(unit, kNoJournal);
  }
  std::array<char, SD_ID128_STRING_MAX> id;
  bool denied = false;
  for (const char* directory : {"/var/log/journal", "/run/log/journal"}) {
    const std::string file = fmt::format("{}/{}/system.journal", directory, sd_id128_to_string(machine, id.data()));
    if (Descriptor(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC))) {
      return {};
    }
    denied = denied || errno == EACCES || errno == EPERM;
  }
  return failed(unit, denied ? "not permitted; add the daemon's user to the group systemd-journal" : kNoJournal);
}

Result<std::unique_ptr<UnitJournal>> UnitJournal::open(const std::string& unit, TimePoint since) {
  TRY(check_journal(unit));
  sd_journal* opened = nullptr;
  int error = sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY);
  JournalPtr journal(opened);
  const auto microseconds = std::chrono::floor<std::chrono::microseconds>(since.time_since_epoch()).count();
  const auto begin = static_cast<std::uint64_t>(std::max<std::int64_t>(microseconds, 0));
  const std::string match = "_SYSTEMD_UNIT=" + unit;
  if (error >= 0) {
    error = sd_journal_add_match(opened, match.data(), match.size());
  }
  if (error >= 0) {
    error = sd_journal_set_data_threshold(opened, kLogLineLimit);
  }
  if (error >= 0) {
    error = sd_journal_get_fd(opened);  // makes it notice new files
  }
  if (error >= 0) {
    error = sd_journal_seek_realtime_usec(opened, begin);
  }
  if (error < 0) {
    return failed(unit, error);
  }
  return std::unique_ptr<UnitJournal>(new UnitJournal(std::move(journal), unit, begin));
}

Result<std::string> UnitJournal::read(const LineSink& sink) {
  if (const int error = sd_journal_process(journal_.get()); error < 0) {
    return failed(unit_, error);
  }
  for (int entries = 0; entries < kEntriesPerRead; ++entries) {
    const int found = sd_journal_next(journal_.get());
    if (found < 0) {
      return failed(unit_, found);
    }
    if (found == 0) {
      return std::string();
    }
    std::uint64_t arrived = 0;
    // Seeking is inexact if the clock was changed.
    if (sd_journal_get_realtime_usec(journal_.get(), &arrived) >= 0 && arrived >= since_) {
      deliver(sink);
    }
  }
  return fmt::format("the journal of {} is still being read", unit_);
}

// Ignores entries without a readable message.
void UnitJournal::deliver(const LineSink& sink) {
  const void* data = nullptr;
  std::size_t size = 0;
  if (sd_journal_get_data(journal_.get(), kField.data(), &data, &size) < 0 || size <= kField.size()) {
    return;
  }
  std::string_view text(static_cast<const char*>(data), size);
  text.remove_prefix(kField.size() + 1);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    sink(line.substr(0, kLogLineLimit));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

}  // namespace renewd::gateway
