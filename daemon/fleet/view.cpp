#include "fleet/view.hpp"

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

void put(View& view, const Keys& keys, const KeyValue& kv) {
  if (kv.key == keys.renewal()) {
    view.renewal = versioned<RenewalRecord>(kv, parse_renewal);
  } else if (kv.key == keys.generation()) {
    view.generation = versioned<Published>(kv, parse_published);
  } else if (kv.key == keys.rollout()) {
    view.rollout = versioned<Rollout>(kv, parse_rollout);
  } else if (const auto member = member_of(kv.key, keys.members())) {
    if (view.members.size() < kMaxMembers || view.members.contains(*member)) {
      view.members[*member] = versioned<MemberRecord>(kv, parse_member);
    }
  }
}

void remove(View& view, const Keys& keys, const std::string& key) {
  if (key == keys.renewal()) {
    view.renewal = {};
  } else if (key == keys.generation()) {
    view.generation = {};
  } else if (key == keys.rollout()) {
    view.rollout = {};
  } else if (const auto member = member_of(key, keys.members())) {
    view.members.erase(*member);
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
  if (changes.revision <= view.revision) {
    return;  // the view has them already
  }
  view.revision = changes.revision;
  for (const auto& key : changes.deleted) {
    remove(view, keys, key);
  }
  for (const auto& kv : changes.puts) {
    put(view, keys, kv);
  }
}

}  // namespace renewd::fleet
