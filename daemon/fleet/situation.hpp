// What a member decides on, and the questions that a decision asks. Pure, as decide() is.
#pragma once

#include <chrono>
#include <cstddef>
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

// A clock reading of both kinds.
struct Now {
  TimePoint wall;
  BootTime boot;
};

// What a member knows at one moment, with the questions that a decision asks of it.
class Situation {
 public:
  // All of these must outlive it.
  Situation(const View& view, const Sightings& sightings, const Self& self, const Rules& rules, Now now)
      : view_(view), sightings_(sightings), self_(self), rules_(rules), now_(now) {}

 protected:
  // Of a host that has nothing to do.
  MemberState idle() const { return is_published(self_.installed) ? MemberState::current : MemberState::apart; }
  const CertificateRecord* published() const;
  bool is_published(const std::optional<CertificateRecord>& certificate) const;
  bool later_than_published(const CertificateRecord& certificate) const;
  // What is published was here, and was rolled back or given up.
  bool was_dropped_here() const;
  // Nobody's gateway runs with what is published, and this one has tried often enough.
  bool published_is_bad() const;
  bool may_write() const { return !self_.conflict && !self_.other_key; }
  bool expires_soon() const;
  // The same, spread over the hosts, for one that can take no part.
  bool goes_alone_now() const;
  // How many gateways may restart at once.
  std::size_t limit(const Rollout& rollout) const { return rollout.verified.empty() ? 1 : rules_.restart_at_once; }
  // The roll-out in which this member may take a turn, apart from the queue.
  std::optional<Rollout> may_take() const;
  // How long those before this member in the queue have until they are passed over. `free`: turns that can be taken.
  std::chrono::nanoseconds passed_over_after(std::size_t free) const;
  // Of the time until the certificate in use expires: the closer that is, the less time may pass.
  std::chrono::nanoseconds eighth_left() const;
  // How long a claim must still stand unchanged before another one replaces it. Less, the closer the certificate's end
  // is.
  std::chrono::nanoseconds takeover_after(const Claim& claim) const;

  const View& view_;
  const Sightings& sightings_;
  const Self& self_;
  const Rules& rules_;
  Now now_;
};

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
