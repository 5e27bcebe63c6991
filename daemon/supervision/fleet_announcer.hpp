// Logs what one member sees and does in the fleet: each thing once.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/event_log.hpp"
#include "fleet/store.hpp"
#include "fleet/view.hpp"

namespace renewd::supervision {

// What to do about a value in etcd that cannot be used.
std::string advice_on(fleet::Refusal refusal);

class FleetAnnouncer {
 public:
  // Both must outlive this object. What lasts is logged again after `again`.
  FleetAnnouncer(const EventLog& log, const std::string& certificate, std::chrono::seconds again)
      : log_(log), certificate_(certificate), again_(again) {}

  void leading();
  void adopted(const fleet::Header& header);
  void published(const fleet::Header& header);
  void turn(std::string_view turn, std::uint64_t generation, const std::string& message);
  void alone(TimePoint not_after, const std::string& message);
  void conflict(const fleet::MemberName& member, const Problem& problem);
  void no_conflict(const fleet::MemberName& member);
  void no_key(const std::string& problem);
  // Once for each revision of a key.
  void refused(const std::string& key, fleet::Revision revision, const fleet::RefusedValue& refused);

  // Halts, and values that cannot be used.
  void saw(const fleet::View& view, const fleet::Keys& keys);
  // Nothing: etcd is reachable.
  void reachable(std::optional<std::chrono::nanoseconds> unreachable, const std::optional<fleet::StoreError>& error);

 private:
  void event(EventName name, std::string_view message, const Fields& fields = {}) const;

  const EventLog& log_;
  const std::string& certificate_;
  std::chrono::seconds again_;
  std::optional<fleet::Halt> halt_;
  std::optional<std::chrono::nanoseconds> unreachable_;  // when that was logged last
  std::set<std::pair<std::string, fleet::Revision>> refused_;
  bool alone_ = false;
  bool conflict_ = false;
};

}  // namespace renewd::supervision
