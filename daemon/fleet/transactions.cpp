#include "fleet/transactions.hpp"

#include <algorithm>

namespace renewd::fleet {
namespace {

constexpr std::chrono::hours kDay{24};

Transaction reading_all(const Keys& keys) {
  return {.compare = {}, .put = {}, .read = keys.base()};
}

void insert(std::vector<MemberName>& names, const MemberName& name) {
  const auto place = std::ranges::lower_bound(names, name);
  if (place == names.end() || *place != name) {
    names.insert(place, name);
  }
}

void drop_holder(Rollout& rollout, const MemberName& member) {
  std::erase_if(rollout.holders, [&member](const Holder& holder) { return holder.member == member; });
}

bool justifies_halt(const Rollout& rollout, const Halt& halt) {
  if (halt.reason == HaltReason::by_operator || !rollout.lost.empty()) {
    return true;
  }
  // A gateway that is down keeps its slot, and has not failed yet.
  if (halt.reason == HaltReason::failed && rollout.holder(halt.member) != nullptr) {
    return true;
  }
  return std::ranges::any_of(rollout.failed, [&rollout](const auto& failure) {
    return !std::ranges::binary_search(rollout.excused, failure.first);
  });
}

Rollout without_needless_halt(Rollout rollout) {
  if (rollout.halt && !justifies_halt(rollout, *rollout.halt)) {
    rollout.halt.reset();
  }
  return rollout;
}

// The member has ended its turn, or is back.
void settle(Rollout& rollout, const MemberName& member) {
  drop_holder(rollout, member);
  std::erase(rollout.lost, member);
}

// What no longer counts: older than a day or, after a clock was wrong, later than tomorrow.
void drop_old(std::vector<TimePoint>& requests, TimePoint now) {
  std::erase_if(requests, [now](TimePoint request) { return request <= now - kDay || request > now + kDay; });
  if (requests.size() >= kMaxMembers) {
    requests.erase(requests.begin(), requests.end() - static_cast<std::ptrdiff_t>(kMaxMembers - 1));
  }
}

// With another certificate all starts again, but for what is true of the gateways, and of an operator's will.
Rollout begun(const View& view, const Header& header) {
  Rollout rollout{.generation = header.generation, .fingerprint = header.certificate.fingerprint};
  if (view.rollout.value) {
    rollout.holders = view.rollout.value->holders;
    const auto& halt = view.rollout.value->halt;
    if (halt && halt->reason == HaltReason::by_operator) {
      rollout.halt = halt;
    }
  }
  return rollout;
}

}  // namespace

Transaction write_renewal(const View& view, const Keys& keys, const RenewalRecord& renewal) {
  Transaction transaction = reading_all(keys);
  transaction.compare = {{keys.renewal(), view.renewal.revision}, {keys.generation(), view.generation.revision}};
  transaction.put = {{keys.renewal(), serialize(renewal)}};
  return transaction;
}

Transaction publish(const View& view, const Keys& keys, const Published& published) {
  RenewalRecord renewal;
  if (view.renewal.value) {
    renewal.requests = view.renewal.value->requests;
  }
  Transaction transaction = reading_all(keys);
  transaction.compare = {{keys.renewal(), view.renewal.revision},
                         {keys.generation(), view.generation.revision},
                         {keys.rollout(), view.rollout.revision}};
  transaction.put = {{keys.generation(), serialize(published)},
                     {keys.renewal(), serialize(renewal)},
                     {keys.rollout(), serialize(begun(view, published.header))}};
  return transaction;
}

Transaction reseal(const View& view, const Keys& keys, const Published& published) {
  Transaction transaction = reading_all(keys);
  transaction.compare = {{keys.generation(), view.generation.revision}};
  transaction.put = {{keys.generation(), serialize(published)}};
  return transaction;
}

Transaction write_rollout(const View& view, const Keys& keys, const Rollout& rollout) {
  Transaction transaction = reading_all(keys);
  transaction.compare = {{keys.rollout(), view.rollout.revision}};
  transaction.put = {{keys.rollout(), serialize(rollout)}};
  return transaction;
}

std::optional<Transaction> write_presence(const View& view, const Keys& keys, const MemberName& name,
                                          const MemberRecord& record) {
  const auto found = view.members.find(name);
  const auto stored = found == view.members.end() ? Versioned<MemberRecord>() : found->second;
  const bool is_newer = stored.refused && stored.refused->refusal == Refusal::newer_version;
  if (is_newer || (stored.value && stored.value->machine != record.machine)) {
    return std::nullopt;
  }
  Transaction transaction = reading_all(keys);
  transaction.compare = {{keys.member(name), stored.revision}};
  transaction.put = {{keys.member(name), serialize(record), true}};
  return transaction;
}

std::optional<Transaction> remove_presence(const View& view, const Keys& keys, const MemberName& name,
                                           std::string_view process) {
  const auto found = view.members.find(name);
  if (found == view.members.end() || !found->second.value || found->second.value->process != process) {
    return std::nullopt;
  }
  Transaction transaction = reading_all(keys);
  transaction.compare = {{keys.member(name), found->second.revision}};
  transaction.remove = {keys.member(name)};
  return transaction;
}

std::optional<Transaction> report_conflict(const View& view, const Keys& keys, const MemberName& name) {
  const auto found = view.members.find(name);
  if (found == view.members.end() || !found->second.value) {
    return std::nullopt;
  }
  const std::string& process = found->second.value->process;
  if (view.is_contested(name, process)) {
    return std::nullopt;
  }
  Transaction transaction = reading_all(keys);
  transaction.compare = {{keys.conflict(name, process), 0}};
  transaction.put = {{keys.conflict(name, process), R"({"v":1})", true}};
  return transaction;
}

RenewalRecord claimed(const View& view, Claim claim) {
  RenewalRecord renewal = view.renewal.value.value_or(RenewalRecord());
  drop_old(renewal.requests, claim.at);
  renewal.requests.push_back(claim.at);
  std::ranges::sort(renewal.requests);
  renewal.claim = std::move(claim);
  return renewal;
}

std::optional<RenewalRecord> confirmed(const View& view, const std::string& claim_id) {
  if (!view.renewal.value || !view.renewal.value->claim || view.renewal.value->claim->id != claim_id) {
    return std::nullopt;
  }
  RenewalRecord renewal = *view.renewal.value;
  ++renewal.claim->confirmed;
  return renewal;
}

RenewalRecord claim_ended(const View& view, std::optional<FailedRequest> failed, std::chrono::seconds wait) {
  RenewalRecord renewal = view.renewal.value.value_or(RenewalRecord());
  renewal.claim.reset();
  if (failed) {
    ++renewal.failures;
    renewal.failed = std::move(failed);
    renewal.wait = wait;
  }
  return renewal;
}

Rollout current_rollout(const View& view) {
  if (!view.generation.value) {
    return view.rollout.value.value_or(Rollout());
  }
  const Header& header = view.generation.value->header;
  if (view.rollout.value && view.rollout.value->generation == header.generation &&
      view.rollout.value->fingerprint == header.certificate.fingerprint) {
    return *view.rollout.value;
  }
  return begun(view, header);
}

Rollout taken(Rollout rollout, Holder holder) {
  drop_holder(rollout, holder.member);
  rollout.holders.insert(std::ranges::lower_bound(rollout.holders, holder.member, {}, &Holder::member),
                         std::move(holder));
  return rollout;
}

Rollout verified(Rollout rollout, const MemberName& member) {
  settle(rollout, member);
  rollout.failed.erase(member);
  insert(rollout.verified, member);
  return without_needless_halt(std::move(rollout));
}

Rollout failed(Rollout rollout, const MemberName& member, FailedMember failure) {
  settle(rollout, member);
  std::erase(rollout.verified, member);
  const bool excused = std::ranges::binary_search(rollout.excused, member);
  if (!excused && !rollout.halt) {
    rollout.halt = Halt{HaltReason::failed, member, failure.at};
  }
  rollout.failed[member] = std::move(failure);
  return without_needless_halt(std::move(rollout));
}

Rollout released(Rollout rollout, const MemberName& member) {
  settle(rollout, member);
  return without_needless_halt(std::move(rollout));
}

Rollout returned(Rollout rollout, const MemberName& member) {
  std::erase(rollout.lost, member);
  return without_needless_halt(std::move(rollout));
}

Rollout lost(Rollout rollout, const MemberName& member, TimePoint now) {
  insert(rollout.lost, member);
  if (!rollout.halt) {
    rollout.halt = Halt{HaltReason::lost, member, now};
  }
  return rollout;
}

Rollout halted(Rollout rollout, Halt halt) {
  rollout.halt = std::move(halt);
  return rollout;
}

Rollout resumed(Rollout rollout, const View& view) {
  // One whose gateway is down has its turn still, and would keep all others from theirs.
  if (rollout.halt && rollout.halt->reason == HaltReason::failed && rollout.holder(rollout.halt->member) != nullptr) {
    insert(rollout.excused, rollout.halt->member);
    drop_holder(rollout, rollout.halt->member);
  }
  rollout.halt.reset();
  std::erase_if(rollout.holders, [&view](const Holder& holder) {
    const auto member = view.members.find(holder.member);
    return member == view.members.end() || (member->second.value && member->second.value->state == MemberState::failed);
  });
  for (const auto& failure : rollout.failed) {
    insert(rollout.excused, failure.first);
  }
  for (const auto& member : rollout.lost) {
    insert(rollout.excused, member);
  }
  rollout.failed.clear();
  rollout.lost.clear();
  return rollout;
}

}  // namespace renewd::fleet
