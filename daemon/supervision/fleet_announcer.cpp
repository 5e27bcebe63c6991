#include "supervision/fleet_announcer.hpp"

#include <fmt/format.h>

#include "core/text.hpp"
#include "state/fleet_status.hpp"

namespace renewd::supervision {
namespace {

using namespace std::chrono_literals;

// A shorter outage, such as the restart of a member of etcd, is no news.
constexpr std::chrono::seconds kUnreachableForAnEvent = 1min;

Fields fields_of(const fleet::Header& header) {
  return {{"generation", static_cast<std::int64_t>(header.generation)},
          {"serial", header.certificate.serial},
          {"not_before", format_time(header.certificate.not_before)},
          {"not_after", format_time(header.certificate.not_after)}};
}

std::string advice_on(const fleet::Halt& halt) {
  switch (halt.reason) {
    case fleet::HaltReason::failed:
      return fmt::format("fix {}, which tries again by itself, or continue without it: gravitee-renewd fleet resume",
                         halt.member);
    case fleet::HaltReason::lost:
      return fmt::format("start {} again, or continue without it: gravitee-renewd fleet resume", halt.member);
    case fleet::HaltReason::by_operator:
      break;
  }
  return "to let the restarts continue: gravitee-renewd fleet resume";
}

// Before the first generation, the restarts have none.
std::string restarts_with(std::uint64_t generation) {
  return generation == 0 ? "the fleet's restarts" : fmt::format("the restarts with generation {}", generation);
}

}  // namespace

std::string advice_on(fleet::Refusal refusal) {
  switch (refusal) {
    case fleet::Refusal::wrong_key:
      return "give all hosts the same fleet.etcd.key";
    case fleet::Refusal::newer_version:
      return "upgrade gravitee-renewd on this host";
    case fleet::Refusal::replayed:
      return "find out who restored etcd from a backup, or wrote to it";
    case fleet::Refusal::too_large:
    case fleet::Refusal::tampered:
    case fleet::Refusal::wrong_account:
      break;
  }
  return "find out who may write below fleet.etcd.prefix; the hosts write the value again, a damaged roll-out as "
         "halted: "
         "gravitee-renewd fleet resume";
}

void FleetAnnouncer::event(EventName name, std::string_view message, const Fields& fields) const {
  log_.event(name, certificate_, message, fields);
}

void FleetAnnouncer::leading() {
  event(EventName::fleet_leading, "requesting the certificate for the fleet");
}

void FleetAnnouncer::adopted(const fleet::Header& header) {
  Fields fields = fields_of(header);
  fields.emplace_back("member", header.published_by);
  event(EventName::fleet_following,
        fmt::format("adopted generation {}, valid until {}, which {} published", header.generation,
                    format_time(header.certificate.not_after), header.published_by),
        fields);
}

void FleetAnnouncer::published(const fleet::Header& header) {
  event(EventName::fleet_published,
        fmt::format("published generation {}, valid until {}", header.generation,
                    format_time(header.certificate.not_after)),
        fields_of(header));
}

void FleetAnnouncer::turn(std::string_view turn, std::uint64_t generation, const std::string& message) {
  event(EventName::fleet_turn, message,
        {{"turn", std::string(turn)}, {"generation", static_cast<std::int64_t>(generation)}});
}

void FleetAnnouncer::alone(TimePoint not_after, const std::string& message) {
  if (!std::exchange(alone_, true)) {
    event(EventName::fleet_alone, message, {{"not_after", format_time(not_after)}});
  }
}

void FleetAnnouncer::conflict(const fleet::MemberName& member, const Problem& problem) {
  if (!std::exchange(conflict_, true)) {
    event(EventName::fleet_conflict, problem.message, {{"member", member}, {"advice", problem.advice}});
  }
}

void FleetAnnouncer::no_conflict(const fleet::MemberName& member) {
  if (std::exchange(conflict_, false)) {
    log_.event(Level::info, EventName::fleet_conflict, certificate_,
               fmt::format("no other process has the name {} in the fleet any more", member), {{"member", member}});
  }
}

void FleetAnnouncer::no_key(const std::string& problem) {
  event(EventName::fleet_value_refused, "nothing of the fleet can be read or written: " + problem,
        {{"reason", std::string(to_string(fleet::Refusal::wrong_key))},
         {"key", std::string()},
         {"advice", std::string("correct fleet.etcd.key and fleet.etcd.second_key")}});
}

void FleetAnnouncer::refused(const std::string& key, fleet::Revision revision, const fleet::RefusedValue& refused) {
  if (refused_.emplace(key, revision).second) {
    event(EventName::fleet_value_refused, refused.message,
          {{"reason", std::string(to_string(refused.refusal))}, {"key", key}, {"advice", advice_on(refused.refusal)}});
  }
}

void FleetAnnouncer::saw(const fleet::View& view, const fleet::Keys& keys) {
  const auto check = [this](const std::string& key, const auto& versioned) {
    if (versioned.refused) {
      refused(key, versioned.revision, *versioned.refused);
    }
  };
  check(keys.renewal(), view.renewal);
  check(keys.generation(), view.generation);
  check(keys.rollout(), view.rollout);
  for (const auto& [name, member] : view.members) {
    check(keys.member(name), member);
  }
  const fleet::Rollout rollout = view.rollout.value.value_or(fleet::Rollout());
  const auto generation = static_cast<std::int64_t>(rollout.generation);
  if (rollout.halt && rollout.halt != halt_) {
    event(EventName::fleet_halted,
          fmt::format("{} are halted {}", restarts_with(rollout.generation),
                      state::halted_by(to_string(rollout.halt->reason), rollout.halt->member)),
          {{"reason", std::string(to_string(rollout.halt->reason))},
           {"member", rollout.halt->member},
           {"generation", generation},
           {"advice", advice_on(*rollout.halt)}});
  } else if (!rollout.halt && halt_) {
    event(EventName::fleet_resumed, restarts_with(rollout.generation) + " continue", {{"generation", generation}});
  }
  halt_ = rollout.halt;
}

void FleetAnnouncer::reachable(std::optional<std::chrono::nanoseconds> unreachable,
                               const std::optional<fleet::StoreError>& error) {
  if (!unreachable) {
    alone_ = false;
    if (std::exchange(unreachable_, std::nullopt)) {
      log_.event(Level::info, EventName::fleet_unreachable, certificate_, "etcd is reachable again");
    }
    return;
  }
  if (*unreachable < kUnreachableForAnEvent || !error || (unreachable_ && *unreachable - *unreachable_ < again_)) {
    return;
  }
  unreachable_ = unreachable;
  event(EventName::fleet_unreachable,
        fmt::format("etcd has been unreachable for {}: {}",
                    format_duration(std::chrono::duration_cast<std::chrono::seconds>(*unreachable)), error->message),
        {{"reason", std::string(to_string(error->reason))},
         {"advice", error->advice.empty() ? "find out why etcd does not answer this host: gravitee-renewd validate "
                                            "--online"
                                          : error->advice}});
}

}  // namespace renewd::supervision
