#include "state/journal.hpp"

#include <array>
#include <utility>

#include <boost/crc.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "core/error_context.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "state/state_checks.hpp"
#include "state/state_files.hpp"

namespace renewd::state {
namespace {

namespace json = boost::json;

constexpr std::string_view kFirstLine = "gravitee-renewd-journal 1";
constexpr std::size_t kJournalLimit = std::size_t{64} * 1024;
// A longer file is replaced by one with the next entry alone.
constexpr std::size_t kRewrittenAt = std::size_t{32} * 1024;
// A gateway has a handful of units; a position is a path, of 4096 bytes at most, and some numbers.
constexpr std::size_t kMaxUnits = 64;
constexpr std::size_t kMaxPositionLength = 4096 + 64;
constexpr std::size_t kMaxInvocationLength = 32;  // an ID of 128 bits
constexpr std::array kPhases{Phase::requested, Phase::answered, Phase::accepted,    Phase::installed,
                             Phase::activated, Phase::verified, Phase::rolling_back};

using Reached = decltype(JournalEntry::reached);

// A gateway that is being verified may have to be activated again: alternating between these two is no progress.
bool is_activation(Phase phase) {
  return phase == Phase::installed || phase == Phase::activated;
}

std::optional<Phase> phase_named(std::string_view name) {
  for (const Phase phase : kPhases) {
    if (to_string(phase) == name) {
      return phase;
    }
  }
  return std::nullopt;
}

std::string checksum_line(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return fmt::format("crc32 {:08x}\n", crc.checksum());
}

std::optional<Reached> parse_reached(const json::object& object) {
  Reached reached;
  for (const auto& [name, time] : object) {
    const auto phase = phase_named(name);
    const auto seconds = checked_seconds(time);
    if (!phase || !seconds) {
      return std::nullopt;
    }
    reached[*phase] = *seconds;
  }
  return reached;
}

std::optional<std::vector<std::string>> parse_units(const json::array& array) {
  std::vector<std::string> units;
  for (const auto& unit : array) {
    units.emplace_back(unit.as_string());
    if (units.size() > kMaxUnits || !is_unit(units.back())) {
      return std::nullopt;
    }
  }
  return units;
}

// Earlier versions did not write them.
std::optional<std::map<std::string, std::string>> parse_invocations(const json::object& entry) {
  std::map<std::string, std::string> invocations;
  const json::value* member = entry.if_contains("invocations");
  if (member == nullptr) {
    return invocations;
  }
  for (const auto& [unit, id] : member->as_object()) {
    const std::string text(id.as_string());
    if (invocations.size() == kMaxUnits || !is_unit(unit) || (!text.empty() && !is_hexadecimal(text)) ||
        text.size() > kMaxInvocationLength) {
      return std::nullopt;
    }
    invocations[unit] = text;
  }
  return invocations;
}

std::optional<JournalEntry> parse_entry(const json::value& value) {
  const auto& object = value.as_object();
  const auto phase = phase_named(object.at("phase").as_string());
  auto reached = parse_reached(object.at("reached").as_object());
  auto units = parse_units(object.at("running").as_array());
  const auto generation = checked_count(object.at("previous_generation"));
  const auto began = checked_microseconds(object.at("activation_began"));
  const auto resumed = checked_count(object.at("resumed"));
  const auto rolled_back = checked_count(object.at("rolled_back"));
  const std::string fingerprint(object.at("fingerprint").as_string());
  std::string position(object.at("log_position").as_string());
  auto invocations = parse_invocations(object);
  if (!phase || !reached || !units || !invocations || !generation || !began || !resumed || !rolled_back ||
      position.size() > kMaxPositionLength || (!fingerprint.empty() && !is_hexadecimal(fingerprint))) {
    return std::nullopt;
  }
  JournalEntry entry{.phase = *phase,
                     .reached = std::move(*reached),
                     .in_use = object.at("in_use").as_bool(),
                     .resumed = *resumed,
                     .rolled_back = *rolled_back};
  // In the file, 0 and an empty string mean "none".
  if (!fingerprint.empty()) {
    entry.fingerprint = fingerprint;
  }
  if (*generation != 0) {
    entry.previous_generation = generation;
  }
  if (*began != TimePoint()) {
    entry.last_activation = LastActivation{std::chrono::floor<std::chrono::microseconds>(*began), std::move(*units),
                                           std::move(*invocations), std::move(position)};
  }
  return entry;
}

// Takes one entry off the front of `text`; nothing, and `text` unchanged, if there is no valid one.
std::optional<JournalEntry> take_entry(std::string_view& text) {
  constexpr std::size_t kLines = 3;
  std::array<std::size_t, kLines> ends{};
  std::size_t begin = 0;
  for (auto& end : ends) {
    end = text.find('\n', begin);
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    begin = end + 1;
  }
  const auto [first_end, second_end, third_end] = ends;
  const std::string_view last_line = text.substr(second_end + 1, third_end - second_end);
  if (text.substr(0, first_end) != kFirstLine || last_line != checksum_line(text.substr(0, second_end + 1))) {
    return std::nullopt;
  }
  try {
    auto entry = parse_entry(json::parse(text.substr(first_end + 1, second_end - first_end - 1)));
    if (entry) {
      text.remove_prefix(third_end + 1);
    }
    return entry;
  } catch (const std::exception&) {
    // The checksum is right, but the content is not: another program wrote it. Treated like a damaged one.
    return std::nullopt;
  }
}

struct Parsed {
  std::optional<JournalEntry> last;
  bool complete = false;  // nothing follows it, so that another one can be added
};

Parsed parse(std::string_view text) {
  Parsed parsed;
  while (auto entry = take_entry(text)) {
    parsed.last = std::move(entry);
  }
  parsed.complete = text.empty();
  return parsed;
}

}  // namespace

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::requested:
      return "requested";
    case Phase::answered:
      return "answered";
    case Phase::accepted:
      return "accepted";
    case Phase::installed:
      return "installed";
    case Phase::activated:
      return "activated";
    case Phase::verified:
      return "verified";
    case Phase::rolling_back:
      return "rolling_back";
  }
  return "unknown";
}

bool JournalEntry::waits_for_installation() const {
  return phase == Phase::answered || phase == Phase::accepted;
}

bool JournalEntry::is_at_gateway() const {
  return is_activation(phase) || phase == Phase::verified || phase == Phase::rolling_back;
}

std::optional<std::chrono::sys_seconds> JournalEntry::reached_at(Phase which) const {
  const auto found = reached.find(which);
  return found == reached.end() ? std::nullopt : std::optional(found->second);
}

void JournalEntry::forget_invocations() {
  if (last_activation) {
    last_activation->invocations.clear();
  }
}

JournalEntry advanced(JournalEntry entry, Phase phase, TimePoint now) {
  if (phase != entry.phase) {
    entry.forget_invocations();
  }
  if (phase != entry.phase && !(is_activation(phase) && is_activation(entry.phase))) {
    entry.resumed = 0;  // counts the interruptions of one phase
  }
  entry.phase = phase;
  entry.reached.erase(entry.reached.upper_bound(phase), entry.reached.end());
  entry.reached.try_emplace(phase, std::chrono::floor<std::chrono::seconds>(now));
  return entry;
}

std::string serialize(const JournalEntry& entry) {
  json::object reached;
  for (const auto& [phase, time] : entry.reached) {
    reached[to_string(phase)] = time.time_since_epoch().count();
  }
  const LastActivation last = entry.last_activation.value_or(LastActivation{});
  json::object invocations;
  for (const auto& [unit, id] : last.invocations) {
    invocations[unit] = id;
  }
  const json::object object{{"phase", to_string(entry.phase)},
                            {"reached", std::move(reached)},
                            {"fingerprint", entry.fingerprint.value_or("")},
                            {"previous_generation", entry.previous_generation.value_or(0)},
                            {"in_use", entry.in_use},
                            {"running", json::array(last.running.begin(), last.running.end())},
                            {"activation_began", last.began.time_since_epoch().count()},
                            {"invocations", std::move(invocations)},
                            {"log_position", last.log_position},
                            {"resumed", entry.resumed},
                            {"rolled_back", entry.rolled_back}};
  const std::string text = fmt::format("{}\n{}\n", kFirstLine, json::serialize(object));
  return text + checksum_line(text);
}

std::optional<JournalEntry> parse_journal(std::string_view text) {
  return parse(text).last;
}

Result<Journal::Contents> Journal::read(TimePoint now) {
  if (!filesystem_.exists(paths_.journal())) {
    return Contents{};
  }
  TRY_LET(const std::string text,
          filesystem_.read(paths_.journal(), kJournalLimit).map_error(in_context("reading the journal")));
  if (auto entry = parse_journal(text)) {
    return Contents{std::move(entry), std::nullopt};
  }
  const auto aside = paths_.directory() / ("journal-damaged-" + format_time(now));
  TRY(filesystem_.rename(paths_.journal(), aside)
          .and_then([this] { return filesystem_.sync_directory(paths_.directory()); })
          .map_error(in_context("moving the damaged journal aside")));
  return Contents{std::nullopt, aside};
}

std::optional<JournalEntry> Journal::peek() const {
  const auto text = filesystem_.read(paths_.journal(), kJournalLimit);
  return text ? parse_journal(*text) : std::nullopt;
}

Result<void> Journal::write(const JournalEntry& entry, Durability durability) {
  const std::string text = serialize(entry);
  const auto written = filesystem_.read(paths_.journal(), kRewrittenAt);
  const auto parsed = written ? parse(*written) : Parsed();
  if (parsed.last && parsed.complete && entry.phase != Phase::requested &&
      written->size() + text.size() <= kRewrittenAt && filesystem_.append(paths_.journal(), text, durability)) {
    return {};
  }
  return write_state(filesystem_, paths_.journal(), text).map_error(in_context("writing the journal"));
}

Result<void> Journal::clear() {
  TRY(filesystem_.remove(paths_.journal()).map_error(in_context("removing the journal")));
  return filesystem_.sync_directory(paths_.directory());
}

}  // namespace renewd::state
