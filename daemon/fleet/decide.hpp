// What one member of a fleet does next. Pure: no clock, no disk, no network; the simulation calls it as the daemon
// does.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "fleet/local_record.hpp"
#include "fleet/records.hpp"
#include "fleet/sightings.hpp"
#include "fleet/view.hpp"

namespace renewd::fleet {

// What the member knows of itself.
struct Self {
  MemberName name;
  // `renew: never`: it is shown, and neither leads nor follows.
  bool takes_part = true;
  // Another process has the same name: it only follows, and restarts nothing.
  bool conflict = false;
  // None of its keys is the one that others use: it neither claims nor publishes.
  bool other_key = false;

  // On its disk.
  std::optional<CertificateRecord> installed;
  std::optional<CertificateRecord> in_use;
  enum class Stage { none, answered, installed };
  Stage stage = Stage::none;                // of the renewal under way
  std::optional<CertificateRecord> answer;  // in `answered`: it has passed the gate
  int rolled_back = 0;                      // how often the answer was
  LocalRecord local;
  std::optional<TimePoint> last_request;  // its own, by its own clock

  // In [0, 1): its place among those that go alone.
  double splay = 0;

  // What its own schedule says.
  bool due = false;              // it would request a certificate now
  bool in_window = false;        // its answer may be installed, as far as maintenance windows go
  bool delayed = false;          // by an earlier failure
  TimePoint schedule_next = {};  // when to ask it again
  // Why the last activation failed, while the gateway is down with either keystore.
  std::optional<std::string> gateway_down;
  // Of the last request of this process, if that has failed and its claim still stands.
  std::optional<FailedRequest> request_failed;
  std::chrono::seconds retry_delay{0};
  // Why the published generation cannot be adopted, until something changes.
  std::optional<std::string> unable;
  TimePoint unable_until = {};
  // The installed certificate cannot be published: its key cannot be read.
  bool unpublishable = false;
};

struct Rules {
  unsigned restart_at_once = 1;
  unsigned requests_per_day = 12;
  std::chrono::seconds alone_after{std::chrono::days{3}};
  std::chrono::seconds takeover_after{std::chrono::minutes{15}};
  std::chrono::seconds lost_after{std::chrono::minutes{10}};
  std::chrono::seconds request_timeout{60};
};

// Each of these is one step. Afterwards decide() is asked again, but for `wait`.
enum class Act {
  wait,         // until `at`, or a change
  judge,        // the stored answer: nothing is known about it since the start
  deploy,       // install, activate, verify; or resume that
  request,      // the claim of `renewal` has just succeeded, or is to be written: then request a certificate
  adopt,        // what is published
  publish,      // the answer or, without one, the installed certificate
  set_aside,    // the answer, which is not later than what is published
  end_claim,    // its own
  go_alone,     // request one for itself: it can take no part, and too little time is left
  take,         // a turn
  report,       // the outcome of its turn, or release it
  halt,         // a holder is lost, or this host's gateway is down
  return_back,  // it was lost, and is back
};

struct Step {
  Act act;
  TimePoint at = {};  // `wait`: when to ask again at the latest
  MemberState state = MemberState::current;
  std::string reason = {};  // one sentence, for people; may be empty
  // What to write before anything else, if this act writes it.
  std::optional<RenewalRecord> renewal = std::nullopt;
  std::optional<Rollout> rollout = std::nullopt;
};

// A clock reading of both kinds.
struct Now {
  TimePoint wall;
  BootTime boot;
};

// `id` is a fresh random id, for a claim or a turn.
Step decide(const View& view, const Sightings& sightings, const Self& self, const Rules& rules, const std::string& id,
            Now now);

// Why it is not the turn of a member that waits for it: the halt, or those whose turn it is.
std::string why_no_turn(const Rollout& rollout);

// A request begins at most so long after its claim was confirmed, by the monotonic and by the wall clock.
inline constexpr std::chrono::seconds kClaimIsFresh{10};

// A network that is away for a moment is no reason to go alone.
inline constexpr std::chrono::minutes kUnreachableBeforeAlone{10};

// Whether the member goes by itself: etcd has been unreachable for `unreachable`, and less than alone_after, shortened
// by up to half by `splay` in [0, 1), is left until `in_use_until`. With 0s, never.
bool goes_alone(const Rules& rules, std::chrono::nanoseconds unreachable, TimePoint in_use_until, double splay,
                TimePoint now);
// When that becomes true if etcd stays unreachable; nothing: never.
std::optional<TimePoint> alone_at(const Rules& rules, TimePoint in_use_until, double splay);

}  // namespace renewd::fleet
