#include "state/retry_state.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>

#include <boost/json.hpp>

#include "core/json_text.hpp"
#include "core/try.hpp"
#include "state/state_checks.hpp"
#include "state/state_files.hpp"

namespace renewd::state {
namespace {

namespace json = boost::json;

constexpr std::size_t kLimit = std::size_t{64} * 1024;
constexpr std::chrono::hours kDay{24};
// In a day; older ones no longer matter for a limit.
constexpr std::size_t kMaxRequests = 1000;

std::int64_t to_number(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// An invalid value throws, like a missing member: the whole file is then invalid.
TimePoint to_time(const json::value& value) {
  return checked_seconds(value).value();
}

std::string class_name(const json::value& value) {
  const std::string name(value.as_string());
  return name.empty() || is_failure_class(name) ? name : throw std::invalid_argument("not a class of failures");
}

}  // namespace

void RetryState::add_failure(const Error& error, TimePoint now) {
  failed_at = std::chrono::floor<std::chrono::seconds>(now);
  failing_since = failures_in_a_row == 0 ? failed_at : failing_since;
  ++failures_in_a_row;
  last_failure = to_string(error.kind);
  last_message = error.message;
  last_advice = error.advice;
  by_hand = false;
}

void RetryState::forget_failures() {
  failures_in_a_row = 0;
  last_failure.clear();
  last_message.clear();
  last_advice.clear();
  by_hand = false;
  failing_since = failed_at = TimePoint();
}

RetryState RetryStateStore::load() const {
  const auto bytes = filesystem_.read(paths_.attempts(), kLimit);
  if (!bytes) {
    return {};
  }
  try {
    const auto object = json::parse(*bytes).as_object();
    RetryState attempts;
    attempts.failures_in_a_row = static_cast<unsigned>(checked_count(object.at("failures_in_a_row")).value());
    attempts.last_failure = class_name(object.at("last_failure"));
    attempts.last_message = checked_text(object.at("last_message").as_string());
    // Earlier versions did not write the following members.
    const auto flag = [&object](const char* name) {
      const auto* const value = object.if_contains(name);
      return value != nullptr && value->as_bool();
    };
    const auto text = [&object](const char* name) {
      const auto* const value = object.if_contains(name);
      return value == nullptr ? std::string() : checked_text(value->as_string());
    };
    attempts.by_hand = flag("by_hand");
    attempts.after_success = flag("after_success");
    attempts.last_advice = text("last_advice");
    const auto time = [&object](const char* name) {
      const auto* const value = object.if_contains(name);
      return value == nullptr ? TimePoint() : to_time(*value);
    };
    attempts.failing_since = time("failing_since");
    attempts.failed_at = time("failed_at");
    attempts.known_not_after = time("known_not_after");
    attempts.run_at = time("run_at");
    attempts.not_before = to_time(object.at("not_before"));
    attempts.days_announced = checked_count(object.at("days_announced")).value();
    attempts.expiry_announced = to_time(object.at("expiry_announced"));
    return attempts;
  } catch (const std::exception&) {
    return {};
  }
}

Result<void> RetryStateStore::save(const RetryState& attempts) {
  if (attempts == RetryState()) {
    TRY(filesystem_.remove(paths_.attempts()));
    return filesystem_.sync_directory(paths_.directory());
  }
  const json::object object{{"failures_in_a_row", attempts.failures_in_a_row},
                            {"last_failure", attempts.last_failure},
                            {"last_message", attempts.last_message},
                            {"last_advice", attempts.last_advice},
                            {"by_hand", attempts.by_hand},
                            {"after_success", attempts.after_success},
                            {"not_before", to_number(attempts.not_before)},
                            {"days_announced", attempts.days_announced},
                            {"expiry_announced", to_number(attempts.expiry_announced)},
                            {"failing_since", to_number(attempts.failing_since)},
                            {"failed_at", to_number(attempts.failed_at)},
                            {"known_not_after", to_number(attempts.known_not_after)},
                            {"run_at", to_number(attempts.run_at)}};
  return write_state(filesystem_, paths_.attempts(), json_text(object) + "\n");
}

RequestLog::Contents RequestLog::read(TimePoint now) const {
  const auto text = filesystem_.read(paths_.requests(), kLimit);
  if (!text) {
    return {};
  }
  try {
    Contents contents;
    const json::value parsed = json::parse(*text);
    for (const auto& value : parsed.as_array()) {
      const TimePoint request = to_time(value);
      contents.from_the_future = contents.from_the_future || request > now;
      if (request > now - kDay) {
        contents.requests.push_back(std::min(request, now));
      }
    }
    std::ranges::sort(contents.requests);
    contents.requests.erase(
        contents.requests.begin(),
        contents.requests.end() - static_cast<std::ptrdiff_t>(std::min(contents.requests.size(), kMaxRequests)));
    return contents;
  } catch (const std::exception&) {
    return {};
  }
}

std::vector<TimePoint> RequestLog::load(TimePoint now) {
  Contents contents = read(now);
  if (contents.from_the_future) {
    // Best effort: the next load does it again.
    (void)save(contents.requests);
  }
  return std::move(contents.requests);
}

Result<void> RequestLog::add(TimePoint now) {
  auto requests = load(now);
  requests.push_back(now);
  return save(requests);
}

Result<void> RequestLog::take_back(TimePoint now) {
  auto requests = load(now);
  if (!requests.empty()) {
    requests.pop_back();
  }
  return save(requests);
}

Result<void> RequestLog::save(const std::vector<TimePoint>& requests) {
  json::array times;
  for (const TimePoint request : requests) {
    times.push_back(to_number(request));
  }
  return write_state(filesystem_, paths_.requests(), json_text(times) + "\n", Durability::content);
}

}  // namespace renewd::state
