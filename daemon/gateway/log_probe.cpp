#include "gateway/log_probe.hpp"

#include <filesystem>
#include <utility>
#include <variant>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "core/try.hpp"
#include "gateway/log_file.hpp"
#include "gateway/log_matcher.hpp"
#include "gateway/systemd_units.hpp"
#include "gateway/unit_journal.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

class LogSession final : public ProbeSession {
 public:
  LogSession(std::unique_ptr<LogReader> reader, LogMatcher matcher, std::string log)
      : reader_(std::move(reader)), matcher_(std::move(matcher)), log_(std::move(log)) {}

  asio::awaitable<Result<CheckResult>> check(steady_clock::time_point) override {
    const auto now = steady_clock::now();
    CO_TRY_LET(auto unread, reader_->read([&](std::string_view line) { matcher_.add(line, now); }));
    CO_TRY_LET(auto result, matcher_.result(now, log_));
    if (result.verdict == Verdict::passed && !unread.empty()) {
      co_return CheckResult{Verdict::not_yet, std::move(unread)};
    }
    co_return result;
  }

 private:
  std::unique_ptr<LogReader> reader_;
  LogMatcher matcher_;
  std::string log_;
};

using LogTarget = std::variant<std::string, std::filesystem::path>;

std::string name_of(const LogTarget& target) {
  if (const auto* unit = std::get_if<std::string>(&target)) {
    return "the journal of " + *unit;
  }
  return std::get<std::filesystem::path>(target).string();
}

asio::awaitable<Result<InstalledUnit>> look_up(std::string unit) {
  CO_TRY_LET(auto systemd, SystemdUnits::connect(co_await asio::this_coro::executor));
  co_return co_await systemd->look_up(unit, steady_clock::now() + kQuestionTimeout);
}

// The journal knows a unit by its own name, never by an alias. The given name if systemd does not reply.
asio::awaitable<std::string> own_name(std::string unit) {
  const auto found = co_await look_up(unit);
  co_return found ? found->name : unit;
}

// A program may log to the journal directly, regardless of its unit's settings.
bool has_lines(const std::string& unit) {
  bool found = false;
  if (const auto journal = UnitJournal::open(unit, TimePoint())) {
    (void)(*journal)->read([&found](std::string_view) { found = true; });
  }
  return found;
}

}  // namespace

std::string no_journal_output(const InstalledUnit& unit) {
  return fmt::format(
      "{} does not write to the journal ({}), so verify.log.unit would find no lines; use verify.log.file", unit.name,
      unit.output);
}

LogProbe::LogProbe(configuration::LogProbeSettings settings, std::vector<NamedSecret> secrets)
    : settings_(std::move(settings)), secrets_(std::move(secrets)) {
  if (auto* unit = std::get_if<std::string>(&settings_.target)) {
    *unit = service_name(*unit);
  }
}

std::string LogProbe::log_position() const {
  const auto* file = std::get_if<std::filesystem::path>(&settings_.target);
  return file == nullptr ? std::string() : gateway::log_position(*file);
}

asio::awaitable<Result<std::unique_ptr<ProbeSession>>> LogProbe::begin(GatewaySnapshot before) {
  std::unique_ptr<LogReader> reader;
  if (const auto* unit = std::get_if<std::string>(&settings_.target)) {
    const std::string name = co_await own_name(*unit);
    CO_TRY_LET(auto journal, UnitJournal::open(name, before.began));
    reader = std::move(journal);
  } else {
    reader = std::make_unique<LogFile>(std::get<std::filesystem::path>(settings_.target), before.log_position);
  }
  co_return std::make_unique<LogSession>(std::move(reader),
                                         LogMatcher(settings_.ready, settings_.failed, redaction_of(secrets_)),
                                         name_of(settings_.target));
}

asio::awaitable<Result<std::string>> LogProbe::rehearse() {
  const auto* unit = std::get_if<std::string>(&settings_.target);
  CO_TRY(unit != nullptr ? check_journal(*unit) : check_log_file(std::get<std::filesystem::path>(settings_.target)));
  if (unit != nullptr) {
    const auto found = co_await look_up(*unit);
    if (found && !found->output.empty() && !has_lines(found->name)) {
      co_return failure(ErrorKind::gateway, no_journal_output(*found));
    }
  }
  co_return "may read " + name_of(settings_.target);
}

}  // namespace renewd::gateway
