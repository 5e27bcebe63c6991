#include "gateway/log_probe.hpp"

#include <filesystem>
#include <utility>
#include <variant>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "core/try.hpp"
#include "gateway/log_file.hpp"
#include "gateway/log_verdict.hpp"
#include "gateway/systemd_units.hpp"
#include "gateway/unit_journal.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

class LogWatch final : public Watch {
 public:
  LogWatch(std::unique_ptr<LogReader> reader, LogVerdict verdict, std::string log)
      : reader_(std::move(reader)), verdict_(std::move(verdict)), log_(std::move(log)) {}

  asio::awaitable<Result<Look>> look(steady_clock::time_point) override { co_return look_now(steady_clock::now()); }

 private:
  Result<Look> look_now(steady_clock::time_point now) {
    auto missing = reader_->read([&](std::string_view line) { verdict_.add(line, now); });
    if (!missing) {
      return tl::unexpected(std::move(missing.error()));
    }
    auto look = verdict_.at(now, log_);
    if (look && look->verdict == Verdict::passed && !missing->empty()) {
      return Look{Verdict::not_yet, std::move(*missing)};  // what is not read may say otherwise
    }
    return look;
  }

  std::unique_ptr<LogReader> reader_;
  LogVerdict verdict_;
  std::string log_;
};

using LogTarget = std::variant<std::string, std::filesystem::path>;

std::string name_of(const LogTarget& target) {
  if (const auto* unit = std::get_if<std::string>(&target)) {
    return "the journal of " + *unit;
  }
  return std::get<std::filesystem::path>(target).string();
}

asio::awaitable<Result<UnitOnHost>> look_up(std::string unit) {
  CO_TRY_LET(auto systemd, SystemdUnits::connect(co_await asio::this_coro::executor));
  co_return co_await systemd->look_up(unit, steady_clock::now() + kQuestionTimeout);
}

// The name that the unit's lines in the journal carry: never an alias. Where systemd cannot be asked, the one given.
asio::awaitable<std::string> own_name(std::string unit) {
  const auto found = co_await look_up(unit);
  co_return found ? found->name : unit;
}

// A program may write to the journal by itself, whatever its unit says: what is in it already counts.
bool has_lines(const std::string& unit) {
  bool found = false;
  const auto journal = UnitJournal::open(unit, TimePoint());
  const auto read = journal ? (*journal)->read([&found](std::string_view) { found = true; }) : Result<std::string>();
  return found;
}

}  // namespace

std::string output_is_elsewhere(const UnitOnHost& unit) {
  return fmt::format("{} does not write to the journal ({}): no line of it can be waited for; use verify.log.file",
                     unit.name, unit.output);
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

asio::awaitable<Result<std::unique_ptr<Watch>>> LogProbe::watch(GatewaySnapshot before) {
  std::unique_ptr<LogReader> reader;
  if (const auto* unit = std::get_if<std::string>(&settings_.target)) {
    const std::string name = co_await own_name(*unit);
    CO_TRY_LET(auto journal, UnitJournal::open(name, before.began));
    reader = std::move(journal);
  } else {
    reader = std::make_unique<LogFile>(std::get<std::filesystem::path>(settings_.target), before.log_position);
  }
  co_return std::make_unique<LogWatch>(std::move(reader),
                                       LogVerdict(settings_.ready, settings_.failed, redaction_of(secrets_)),
                                       name_of(settings_.target));
}

asio::awaitable<Result<std::string>> LogProbe::rehearse() {
  const auto* unit = std::get_if<std::string>(&settings_.target);
  CO_TRY(unit != nullptr ? check_journal(*unit) : check_log_file(std::get<std::filesystem::path>(settings_.target)));
  if (unit != nullptr) {
    const auto found = co_await look_up(*unit);
    if (found && !found->output.empty() && !has_lines(found->name)) {
      co_return failure(ErrorKind::gateway, output_is_elsewhere(*found));
    }
  }
  co_return "may read " + name_of(settings_.target);
}

}  // namespace renewd::gateway
