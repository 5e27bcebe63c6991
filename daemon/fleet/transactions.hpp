// The transactions of a fleet, as pure functions. Each compares the revisions that its decision rests on, so that of
// two hosts, or of a transaction and its late copy, one lands. A decision rests on a transaction that succeeded, never
// on a read.
#pragma once

#include <string>
#include <string_view>

#include "fleet/records.hpp"
#include "fleet/store.hpp"
#include "fleet/view.hpp"

namespace renewd::fleet {

// To claim, take over, confirm, or end a claim: compares `renewal`, and `generation`, so that nothing newer was
// published.
Transaction write_renewal(const View& view, const Keys& keys, const RenewalRecord& renewal);
// Ends any claim, and begins a roll-out that keeps the holders, and a halt by the operator. Compares all three.
Transaction publish(const View& view, const Keys& keys, const Published& published);
// Seals the same generation again, with another key: nothing else changes.
Transaction reseal(const View& view, const Keys& keys, const Published& published);
Transaction write_rollout(const View& view, const Keys& keys, const Rollout& rollout);
// The member's own record. Nothing if the key is another machine's: a conflict.
std::optional<Transaction> write_presence(const View& view, const Keys& keys, const MemberName& name,
                                          const MemberRecord& record);
// Nothing if the record is not that of this process.
std::optional<Transaction> remove_presence(const View& view, const Keys& keys, const MemberName& name,
                                           std::string_view process);
// Tells the process whose record this is that another one has the same name, for as long as that one lives. Nothing if
// it knows already, or its record cannot be read.
std::optional<Transaction> report_conflict(const View& view, const Keys& keys, const MemberName& name);

// --- The contents.

RenewalRecord claimed(const View& view, Claim claim);
// The same claim, confirmed once more. Nothing if it is not this one any more.
std::optional<RenewalRecord> confirmed(const View& view, const std::string& claim_id);
// Nothing `failed`: the request was never made, which is not counted.
RenewalRecord claim_ended(const View& view, std::optional<FailedRequest> failed, std::chrono::seconds wait);

// The roll-out of what is published: the stored one or, where that is missing or another generation's, a new one with
// its holders.
Rollout current_rollout(const View& view);
Rollout taken(Rollout rollout, Holder holder);
// Ends a halt that no failed or lost member justifies any more, as all of these do.
Rollout verified(Rollout rollout, const MemberName& member);
Rollout failed(Rollout rollout, const MemberName& member, FailedMember failure);
Rollout released(Rollout rollout, const MemberName& member);
Rollout returned(Rollout rollout, const MemberName& member);  // it was lost, and is back
Rollout lost(Rollout rollout, const MemberName& member, TimePoint now);
Rollout halted(Rollout rollout, Halt halt);
// Drops the holders that are absent from the view, and the one whose gateway is down; excuses the failed and the lost.
Rollout resumed(Rollout rollout, const View& view);

}  // namespace renewd::fleet
