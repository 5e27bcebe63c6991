// One host of a simulated fleet. What the daemon does between two decisions (supervision/supervisor, fleet_member and
// fleet_view), in virtual time, without disk and network; fleet::decide() and the schedule are the real ones.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fleet/decide.hpp"
#include "fleet/transactions.hpp"
#include "renewal/schedule.hpp"
#include "simulation/world.hpp"

namespace renewd::testing {

struct HostSetup {
  std::string name;
  std::string machine;  // of its own, but for a clone
  fleet::CertificateRecord installed;
  Span skew{0};  // of its clock
  std::chrono::seconds offset{0};
  configuration::CertificateSettings certificate;
};

class Host {
 public:
  Host(World& world, HostSetup setup);

  // --- What happens to it.
  void start();
  void crash(Span back_after);
  void freeze(Span time);
  void cut_off(Span time);
  void set_clock(Span skew);
  void drop_watch();
  bool keeps(Lease lease) const { return running_ && lease_ == lease; }
  void lose_lease() { world_.etcd.expire(lease_); }
  void etcd_changed();
  void lose_key(bool lost);
  // The operator gives it another name, and restarts its daemon.
  void rename(const std::string& name);
  // No further faults: it comes back at once.
  void calm_down();

  const fleet::MemberName& member() const { return member_; }
  bool is_cut_off() const { return world_.now() < cut_until_; }
  bool is_running() const { return running_; }
  // It knows that another process has its name.
  bool is_in_conflict() const { return conflict_; }
  bool is_up() const { return gateway_.up; }
  bool has_windows() const { return !certificate_.activate_windows.empty() || !certificate_.renew_windows.empty(); }
  const fleet::CertificateRecord& in_use() const { return gateway_.runs_with; }
  std::string explanation() const;
  std::vector<fleet::CertificateRecord> answers() const;
  bool expires_soon() const;
  std::string description() const;

  // Calls `then` later, unless the process ends before.
  void later(TimePoint time, std::function<void()> then);
  std::function<void(bool)> guarded(std::function<void(bool)> then) {
    return
        [this, epoch = epoch_, then = std::move(then)](bool value) { resume(epoch, [then, value] { then(value); }); };
  }

 private:
  enum class Phase { none, requested, answered, installed, rolling_back };
  struct Disk {
    fleet::CertificateRecord installed;
    fleet::CertificateRecord previous;
    std::optional<fleet::CertificateRecord> in_use;
    Phase phase = Phase::none;
    std::optional<fleet::CertificateRecord> answer;
    int rolled_back = 0;
    bool without_fleet = false;  // installed alone
    fleet::LocalRecord local;
    state::RetryState attempts;
    std::vector<TimePoint> requests;
  };
  struct Gateway {
    bool up = true;
    fleet::CertificateRecord runs_with;
    std::size_t restarts = 0;
    std::vector<std::size_t> down;  // places in the history of what has made it go down
  };
  struct Obstacle {
    fleet::Revision revision = 0;
    TimePoint until = TimePoint::max();
  };

  void resume(std::uint64_t epoch, const std::function<void()>& then);
  bool step_may_crash();
  TimePoint wall() const { return world_.now() + skew_; }
  fleet::Now both() const { return {wall(), world_.now().time_since_epoch()}; }
  std::string new_id();
  void trace(const std::string& what) const { world_.trace(member_, what); }

  // The view.
  void follow();
  void read(std::function<void(bool)> then);
  void refresh(std::function<void(bool)> then);
  void commit(fleet::Transaction transaction, std::function<void(bool)> then);
  void deliver();
  void failed_call();
  void replace(const fleet::Snapshot& snapshot);
  void seen();
  void view_changed();

  // The supervisor.
  void wake_at(TimePoint wall);
  void wake();
  void check();
  void next();
  void finish(TimePoint wall);
  void failed(ErrorKind kind, const std::string& message);
  void act_failed(ErrorKind kind, const std::string& message);
  TimePoint count_failure(ErrorKind kind, const std::string& message);
  void act(renewal::Act act);
  void deploy();
  void restart_gateway(std::function<void(bool)> then);
  void roll_back();
  void put_back();
  void verified();
  void obtain();
  void post();
  void answered(Result<fleet::CertificateRecord> answer);
  bool judge();

  // The member.
  fleet::Self self() const;
  fleet::Self::Stage stage() const;
  bool goes_alone() const;
  void trace_step() const;
  void perform();
  void wait();
  void request();
  void adopt();
  void publish();
  void end_claim();
  void write_rollout();
  void by_itself();
  void confirm_claim(std::function<void(bool)> then);
  void write_presence(fleet::MemberState state, std::function<void()> then);
  void present_first(std::function<void()> then);

  World& world_;
  fleet::MemberName member_;
  std::string machine_;
  configuration::CertificateSettings certificate_;
  configuration::ScheduleSettings schedule_settings_;
  std::chrono::seconds offset_;
  double splay_;
  Span skew_;
  TimePoint cut_until_ = TimePoint::min();
  TimePoint frozen_until_ = TimePoint::min();
  bool key_lost_ = false;
  Disk disk_;
  Gateway gateway_;

  // Of the process.
  bool running_ = false;
  std::uint64_t epoch_ = 0;
  std::string process_;
  Lease lease_ = 0;
  std::optional<renewal::Schedule> schedule_;
  bool clock_was_set_ = false;
  bool outstanding_ = false;    // a request
  bool checking_ = false;       // the supervisor is at work, not asleep
  bool busy_ = false;           // the member decides
  bool fleet_changed_ = false;  // to be checked as soon as the supervisor sleeps
  std::uint64_t wake_number_ = 0;
  renewal::Step planned_{renewal::Act::wait, {}, renewal::Reason::not_due, {}};
  bool planned_in_window_ = true;  // of maintenance
  int steps_ = 0;

  std::optional<fleet::View> view_;
  fleet::View decided_on_;
  fleet::Sightings sightings_;
  bool is_current_ = false;
  bool watching_ = false;
  std::optional<TimePoint> unreachable_since_;

  std::optional<fleet::CertificateRecord> answer_;
  std::optional<std::string> claim_;
  fleet::Now claim_confirmed_{};
  std::optional<fleet::FailedRequest> request_failed_;
  std::chrono::seconds retry_delay_{60};
  Obstacle unable_;
  bool alone_ = false;
  bool present_ = false;
  bool conflict_ = false;
  std::optional<fleet::MemberRecord> record_;
  std::optional<fleet::Self> last_self_;
  fleet::Step last_step_{fleet::Act::wait};
};

}  // namespace renewd::testing
