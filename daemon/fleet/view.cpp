#include "fleet/view.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::fleet {
namespace {

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is_alphanumeric_or(c, "-._~")) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

template <typename T, typename Parse>
Versioned<T> versioned(const KeyValue& kv, Parse parse) {
  auto parsed = parse(kv.value);
  Versioned<T> version{.revision = kv.mod_revision};
  if (parsed) {
    version.value = std::move(*parsed);
  } else {
    version.refused = std::move(parsed).error();
  }
  return version;
}

// Nothing for a key that is not a member's.
std::optional<MemberName> member_of(std::string_view key, const std::string& members) {
  if (!key.starts_with(members) || !is_member_name(key.substr(members.size()))) {
    return std::nullopt;
  }
  return MemberName(key.substr(members.size()));
}

// A transaction of this host is in the view at once, before the watch has told of earlier changes of other keys.
template <typename T, typename Parse>
void update(Versioned<T>& stored, const KeyValue& kv, Parse parse) {
  if (stored.revision < kv.mod_revision) {
    stored = versioned<T>(kv, parse);
  }
}

// What the value says does not matter.
void put_conflict(View& view, std::string name, Revision revision) {
  if (view.conflicts.size() < kMaxMembers || view.conflicts.contains(name)) {
    Revision& stored = view.conflicts[std::move(name)];
    stored = std::max(stored, revision);
  }
}

void put(View& view, const Keys& keys, const KeyValue& kv) {
  if (kv.key == keys.renewal()) {
    update(view.renewal, kv, parse_renewal);
  } else if (kv.key == keys.generation()) {
    update(view.generation, kv, parse_published);
  } else if (kv.key == keys.rollout()) {
    update(view.rollout, kv, parse_rollout);
  } else if (const auto member = member_of(kv.key, keys.members())) {
    if (view.members.size() < kMaxMembers || view.members.contains(*member)) {
      update(view.members[*member], kv, parse_member);
    }
  } else if (kv.key.starts_with(keys.conflicts())) {
    put_conflict(view, kv.key.substr(keys.conflicts().size()), kv.mod_revision);
  }
}

template <typename T>
void remove(Versioned<T>& stored, Revision revision) {
  if (stored.revision < revision) {
    stored = {};
  }
}

void remove(View& view, const Keys& keys, const std::string& key, Revision revision) {
  if (key == keys.renewal()) {
    remove(view.renewal, revision);
  } else if (key == keys.generation()) {
    remove(view.generation, revision);
  } else if (key == keys.rollout()) {
    remove(view.rollout, revision);
  } else if (const auto member = member_of(key, keys.members())) {
    const auto stored = view.members.find(*member);
    if (stored != view.members.end() && stored->second.revision < revision) {
      view.members.erase(stored);
    }
  } else if (key.starts_with(keys.conflicts())) {
    std::erase_if(view.conflicts, [&, name = key.substr(keys.conflicts().size())](const auto& one) {
      return one.first == name && one.second < revision;
    });
  }
}

void apply_all(const Changes& changes, const Keys& keys, View& view) {
  for (const auto& key : changes.deleted) {
    remove(view, keys, key, changes.revision);
  }
  for (const auto& kv : changes.puts) {
    put(view, keys, kv);
  }
}

}  // namespace

Keys::Keys(std::string_view prefix, std::string_view account)
    : base_(fmt::format("{}/1/{}/", prefix, percent_encoded(account))) {}

View view_of(const Snapshot& snapshot, const Keys& keys) {
  View view{.revision = snapshot.revision};
  for (const auto& kv : snapshot.values) {
    put(view, keys, kv);
  }
  return view;
}

void apply(const Changes& changes, const Keys& keys, View& view) {
  if (changes.revision > view.revision) {
    apply_all(changes, keys, view);
    view.revision = changes.revision;
  }
}

void apply_own(const Changes& changes, const Keys& keys, View& view) {
  if (changes.revision > view.revision) {
    apply_all(changes, keys, view);
  }
}

}  // namespace renewd::fleet
