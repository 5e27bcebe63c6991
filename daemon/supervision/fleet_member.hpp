// One certificate as a member of the fleet: executes what fleet::decide() says. The supervisor asks it what to do
// before it acts.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "configuration/settings.hpp"
#include "fleet/decide.hpp"
#include "fleet/sealed.hpp"
#include "renewal/renewal.hpp"
#include "renewal/schedule.hpp"
#include "state/fleet_status.hpp"
#include "supervision/fleet_announcer.hpp"
#include "supervision/fleet_link.hpp"
#include "supervision/fleet_view.hpp"

namespace renewd::supervision {

// What the supervisor knows at a check.
struct HostSituation {
  renewal::Step planned;  // by the host's own schedule
  state::CertificateRecord installed;
  std::optional<state::CertificateRecord> in_use;
  std::optional<renewal::Record> unfinished;
  std::vector<TimePoint> requests;  // of the last day, oldest first
  std::string gateway_failure;      // the message, if the last attempt has failed at the gateway
};

class FleetMember {
 public:
  // `wake` is called when next() has something else to say, `seen` when only status() has. References must outlive this
  // object.
  FleetMember(const boost::asio::any_io_executor& executor, std::shared_ptr<const FleetLink> link,
              const renewal::RenewalContext& context, const configuration::CertificateSettings& certificate,
              const configuration::Settings& settings, renewal::Renewal& renewal, std::function<void()> wake,
              std::function<void()> seen);

  // Follows the fleet until it is cancelled.
  boost::asio::awaitable<void> follow() { return view_.follow(); }

  // What this host does next: as planned, if it goes alone; otherwise to wait, to obtain (its claim stands), or to
  // deploy (in its turn). What the fleet needs before that has been done. Errors: those of the renewal.
  boost::asio::awaitable<Result<renewal::Step>> next(HostSituation situation);
  // Before another object continues as this member or, `for_good`, nobody. Tells the others what only this object
  // knows.
  boost::asio::awaitable<void> leave(bool for_good);
  // Just before a request. Error kind: fleet, if its claim is lost, or cannot be confirmed.
  boost::asio::awaitable<Result<void>> confirm_claim();
  // An attempt has failed; the next one follows after `delay`.
  void failed(const Error& error, std::chrono::seconds delay);
  // For people: the fleet as it is seen from here. Nothing before etcd was asked.
  std::optional<state::FleetStatus> status() const;
  // How many calls to etcd have failed, by reason: of all members of this process.
  std::map<std::string, std::uint64_t> failed_calls() const;

  // True once after a certificate was adopted: no earlier failure of this host delays it.
  bool has_adopted() { return std::exchange(has_adopted_, false); }
  // Something has changed on which the adoption of a certificate may depend.
  void try_again() { unable_ = {}; }
  // Whether it lacks a key, or cannot use what is published, which other files may change: see read_inputs().
  bool lacks_key() const {
    return !keys_problem_.empty() || (last_self_ && (last_self_->other_key || last_self_->unable));
  }
  // Reads the local record and the keys again. True: the keys are others than before.
  boost::asio::awaitable<bool> read_inputs();

 private:
  // A generation that this host cannot adopt, until something changes.
  struct Obstacle {
    fleet::Revision revision = 0;
    std::string message;
    TimePoint until = TimePoint::max();
  };
  using Done = Result<std::optional<renewal::Step>>;
  struct Moment {
    fleet::Revision revision = -1;
    bool reachable = false;
    bool operator==(const Moment&) const = default;
  };
  // The holder of the certificate's lock.
  static constexpr std::string_view kHolder = "run";

  static renewal::Step wait_until(TimePoint at, std::string message);
  fleet::Now now() const;
  fleet::Self self_of(const HostSituation& situation) const;
  // Decides on one step, and performs it. Nothing: it is done, and the next one is to be decided.
  boost::asio::awaitable<Done> perform_next(HostSituation situation);
  boost::asio::awaitable<Done> perform(fleet::Step step, HostSituation situation);
  boost::asio::awaitable<Done> wait(fleet::Step step, HostSituation situation);
  boost::asio::awaitable<Done> deploy(fleet::Step step, HostSituation situation);
  boost::asio::awaitable<Done> request(fleet::Step step, HostSituation situation);
  boost::asio::awaitable<Done> judge();
  boost::asio::awaitable<Done> adopt();
  boost::asio::awaitable<Done> publish();
  boost::asio::awaitable<Done> set_aside();
  boost::asio::awaitable<Done> end_claim(fleet::Step step);
  boost::asio::awaitable<Done> write_rollout(fleet::Step step);
  boost::asio::awaitable<Done> by_itself(HostSituation situation, std::string why);

  boost::asio::awaitable<void> check_generation();
  // The view, without what check_generation() has refused.
  fleet::View trusted_view() const;
  boost::asio::awaitable<void> write_presence(fleet::MemberState state, std::string reason);
  boost::asio::awaitable<void> give_turn_back();
  bool claim_stands() const;
  void view_changed();
  Moment moment_of(const fleet::View& view) const { return {view.revision, !view_.unreachable_for()}; }
  void note_whether_behind();
  bool is_present() const;  // as this process
  renewal::Step until_etcd_is_back(const HostSituation& situation) const;
  bool uses_other_key(const fleet::View& view) const;
  // Another process has this member's name: which of the two acts.
  std::optional<Problem> conflict_problem() const;
  bool goes_alone(const HostSituation& situation) const;
  Result<void> remember(fleet::LocalRecord record);
  std::uint64_t published_generation() const;

  std::shared_ptr<const FleetLink> link_;
  const renewal::RenewalContext& context_;
  const configuration::CertificateSettings& certificate_;
  fleet::Rules rules_;
  fleet::MemberName name_;
  double splay_;  // in [0, 1): this host's place among those that go alone
  std::chrono::seconds retry_at_least_;
  std::chrono::seconds retry_delay_;
  renewal::Renewal& renewal_;
  std::function<void()> wake_;
  std::function<void()> seen_;
  FleetAnnouncer announcer_;
  FleetView view_;
  std::vector<fleet::FleetKey> fleet_keys_;  // the first one seals
  std::string keys_problem_;
  fleet::LocalRecordStore local_store_;
  fleet::LocalRecord local_;
  std::optional<state::CertificateRecord> answer_;  // that waits to be installed; nothing: not judged yet
  // Of this process, and when it was last confirmed: it must not be old when the request begins.
  std::optional<std::string> claim_;
  fleet::Now claim_confirmed_{};
  std::optional<fleet::FailedRequest> request_failed_;
  struct Checked {
    fleet::Revision revision = 0;
    std::optional<fleet::RefusedValue> refused = std::nullopt;
    bool opened = false;
  };
  Checked checked_;  // the generation
  std::optional<TimePoint> unreachable_since_;
  Obstacle unable_;
  std::string unpublishable_;              // the fingerprint of an installed certificate whose key cannot be read
  std::optional<TimePoint> behind_since_;  // this host could use the newest certificate, and does not
  bool alone_ = false;
  bool present_ = false;   // this process has written its record
  bool conflict_ = false;  // another process is the member
  bool busy_ = false;      // next() is at work
  std::optional<fleet::MemberRecord> record_;
  bool has_adopted_ = false;
  std::optional<HostSituation> last_situation_;
  // What the last step was decided on. Its transaction compares the revisions of this view: the current one may have
  // moved on while the step was prepared.
  fleet::View decided_on_;
  // Until this changes, the same would be decided, and would end as it did.
  Moment decided_at_;
  std::optional<fleet::Self> last_self_;
  fleet::Step last_step_{fleet::Act::wait};
};

}  // namespace renewd::supervision
