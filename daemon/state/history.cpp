#include "state/history.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "core/error_context.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "state/state_checks.hpp"
#include "state/state_files.hpp"

namespace renewd::state {
namespace {

namespace json = boost::json;

constexpr std::size_t kHistoryLimit = std::size_t{4} * 1024 * 1024;
// Valid lines have about 300 bytes.
constexpr std::size_t kLongestLine = 4096;
constexpr std::array<std::string_view, 3> kOutcomes{"renewed", "activated", "rolled_back"};
constexpr std::size_t kInUseLimit = std::size_t{16} * 1024;

// Without a last line that a crash has truncated.
std::vector<std::string> complete_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

json::object durations(const JournalEntry& entry) {
  json::object seconds;
  std::optional<std::chrono::sys_seconds> previous;
  for (const auto& [phase, time] : entry.reached) {
    if (previous) {
      seconds[to_string(phase)] = (time - *previous).count();
    }
    previous = time;
  }
  return seconds;
}

std::optional<PastRenewal> past_renewal(const std::string& line) {
  if (line.size() > kLongestLine) {
    return std::nullopt;
  }
  json::error_code error;
  const json::value value = json::parse(line, error);
  const auto member = [&value](const char* name) {
    const auto* const object = value.if_object();
    const auto* const found = object == nullptr ? nullptr : object->if_contains(name);
    return found == nullptr || !found->is_string() ? std::string() : std::string(found->get_string());
  };
  const auto ended = parse_time(member("ended"));
  std::string outcome = member("outcome");
  std::string fingerprint = member("fingerprint");
  if (error || !ended || std::ranges::find(kOutcomes, outcome) == kOutcomes.end() ||
      (!fingerprint.empty() && !is_hexadecimal(fingerprint))) {
    return std::nullopt;
  }
  return PastRenewal{std::move(outcome), std::move(fingerprint), *ended};
}

}  // namespace

Result<void> History::append(std::string_view outcome, const JournalEntry& entry, TimePoint now, std::string_view key,
                             Durability durability) {
  const auto began = entry.reached_at(Phase::requested);
  json::object object;
  object["outcome"] = outcome;
  object["fingerprint"] = entry.fingerprint.value_or("");
  object["began"] = began ? format_time(*began) : std::string();
  object["rolled_back"] = entry.rolled_back;
  const std::string renewal = json_text(object);  // what is the same when the end of a renewal is repeated
  if (!key.empty()) {
    object["key"] = key;
  }
  object["seconds"] = durations(entry);

  std::vector<std::string> lines;
  if (filesystem_.exists(paths_.history())) {
    TRY_LET(const std::string text,
            filesystem_.read(paths_.history(), kHistoryLimit).map_error(in_context("reading the history")));
    lines = complete_lines(text);
    std::erase_if(lines, [](const std::string& line) { return !past_renewal(line); });
  }
  // After a crash between this line and the end of the renewal, the last steps are repeated. An earlier renewal had
  // ended before this one began.
  const auto last = lines.empty() ? std::nullopt : past_renewal(lines.back());
  if (last && lines.back().starts_with(renewal.substr(0, renewal.size() - 1)) && !entry.reached.empty() &&
      last->ended >= entry.reached.begin()->second) {
    return {};
  }
  object["ended"] = format_time(now);
  lines.push_back(json_text(object));
  if (lines.size() > kHistoryKept) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kHistoryKept));
  }
  std::string text;
  for (const auto& kept : lines) {
    text += kept + "\n";
  }
  return write_state(filesystem_, paths_.history(), text, durability);
}

std::vector<PastRenewal> History::list() const {
  std::vector<PastRenewal> past;
  const auto text = filesystem_.read(paths_.history(), kHistoryLimit);
  for (const auto& line : text ? complete_lines(*text) : std::vector<std::string>()) {
    if (auto renewal = past_renewal(line)) {
      past.push_back(std::move(*renewal));
    }
  }
  past.erase(past.begin(), past.end() - static_cast<std::ptrdiff_t>(std::min(past.size(), kHistoryKept)));
  return past;
}

Result<void> History::record_in_use(const CertificateRecord& in_use, Durability durability) {
  return write_state(filesystem_, paths_.in_use(), json_text(to_json(in_use)) + "\n", durability);
}

Result<void> History::forget_in_use() {
  if (!filesystem_.exists(paths_.in_use())) {
    return {};
  }
  TRY(filesystem_.remove(paths_.in_use()));
  return filesystem_.sync_directory(paths_.directory());
}

std::optional<CertificateRecord> History::in_use() const {
  const auto text = filesystem_.read(paths_.in_use(), kInUseLimit);
  if (!text) {
    return std::nullopt;
  }
  json::error_code error;
  const json::value value = json::parse(*text, error);
  return error ? std::nullopt : certificate_record(value);
}

}  // namespace renewd::state
