// The keys of one account, as they are at one revision.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "fleet/records.hpp"
#include "fleet/store.hpp"

namespace renewd::fleet {

// Where the values of one account live: "<prefix>/1/<account id, percent-encoded>/".
class Keys {
 public:
  Keys(std::string_view prefix, std::string_view account);

  const std::string& base() const { return base_; }
  std::string renewal() const { return base_ + "renewal"; }
  std::string generation() const { return base_ + "generation"; }
  std::string rollout() const { return base_ + "rollout"; }
  std::string members() const { return base_ + "members/"; }
  std::string member(const MemberName& name) const { return members() + name; }
  // Another process than this one has the member's name, too.
  std::string conflicts() const { return base_ + "conflicts/"; }
  std::string conflict(const MemberName& name, std::string_view process) const {
    return conflicts() + conflict_name(name, process);
  }
  static std::string conflict_name(const MemberName& name, std::string_view process) {
    return name + "/" + std::string(process);
  }

 private:
  std::string base_;
};

template <typename T>
struct Versioned {
  Revision revision = 0;                  // 0: there is none
  std::optional<T> value = std::nullopt;  // nothing: there is none, or it is refused
  std::optional<RefusedValue> refused = std::nullopt;

  bool is_absent() const { return revision == 0; }
};

struct View {
  // Everything up to this one is in it.
  Revision revision = 0;
  Versioned<RenewalRecord> renewal;
  Versioned<Published> generation;
  Versioned<Rollout> rollout;
  std::map<MemberName, Versioned<MemberRecord>> members;
  std::map<std::string, Revision> conflicts;  // by Keys::conflict_name()

  bool is_present(const MemberName& member) const { return members.contains(member); }
  // Another process has said that it has the name of this one.
  bool is_contested(const MemberName& member, std::string_view process) const {
    return conflicts.contains(Keys::conflict_name(member, process));
  }
};

View view_of(const Snapshot& snapshot, const Keys& keys);
// The same after the next changes of a watch. Those that it has already are ignored.
void apply(const Changes& changes, const Keys& keys, View& view);
// The same after a transaction of this host, at once: the watch may tell of it, and of others before it, later; or has
// done so already.
void apply_own(const Changes& changes, const Keys& keys, View& view);

}  // namespace renewd::fleet
