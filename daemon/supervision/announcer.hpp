// Logs the checks and renewals of one certificate. A problem that is found again at every check is logged now and then.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "certificate/certificate.hpp"
#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/event_log.hpp"
#include "renewal/context.hpp"
#include "renewal/schedule.hpp"
#include "renewal/token_watch.hpp"
#include "report/assessment.hpp"
#include "state/generations.hpp"
#include "supervision/repetitions.hpp"

namespace renewd::supervision {

class Announcer {
 public:
  // `context` and `certificate` must outlive this object.
  Announcer(const renewal::RenewalContext& context, const configuration::CertificateSettings& certificate,
            std::chrono::seconds check_every)
      : context_(context), certificate_(certificate), check_every_(check_every), repetitions_(check_every) {}

  // A check: what is installed, and what comes next. `schedule` remembers which expiry thresholds were announced.
  void checked(const certificate::Certificate& certificate, const renewal::Step& step, renewal::Schedule& schedule,
               TimePoint now);
  // What a check has found that no other event reports, such as a gateway that is down; and when it is over.
  void found(const report::Assessment& assessment, TimePoint now);
  void unreadable(const std::string& message, TimePoint next_check, TimePoint now);
  // `author` is the beginning of a sentence. `newer`: a stored keystore that expires later than the installed one.
  void replaced(const std::string& author, const certificate::Certificate& certificate,
                const std::optional<state::Generation>& newer);
  void not_watched(const std::string& problem);
  void clock_changed();

  void due(const renewal::Step& step);
  // A renewal that stopped or crashed the daemon again and again, and is now resumed at the slowest pace.
  void interrupted(const renewal::Record& unfinished, TimePoint retry_at);
  void failed(const Error& error, TimePoint retry_at, unsigned failures_in_a_row);

  // Logs problems with the account token.
  void token(const std::vector<renewal::TokenFinding>& findings, TimePoint now);

 private:
  void expiry(std::chrono::seconds left, const Fields& fields, renewal::Schedule& schedule, TimePoint now);
  void add_plan(const certificate::Certificate& certificate, const renewal::Schedule& schedule, Fields& fields) const;
  void event(EventName name, std::string_view message, const Fields& fields = {}) const;
  void event(Level level, EventName name, std::string_view message, const Fields& fields) const;

  const renewal::RenewalContext& context_;
  const configuration::CertificateSettings& certificate_;
  std::chrono::seconds check_every_;
  Repetitions repetitions_;
  bool plan_logged_ = false;
  std::map<report::FindingKind, std::string> reported_;  // by found(), with their messages
};

}  // namespace renewd::supervision
