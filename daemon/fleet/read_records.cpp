// Parses values that other hosts, or an attacker with access to etcd, wrote: checks the form and the size of each.
#include <algorithm>
#include <utility>

#include <boost/json.hpp>

#include "core/text.hpp"
#include "fleet/base64.hpp"
#include "fleet/records.hpp"
#include "state/state_checks.hpp"

namespace renewd::fleet {
namespace {

namespace json = boost::json;

constexpr std::int64_t kReader = 1;
constexpr std::int64_t kMaxNumber = std::int64_t{1} << 53;  // what every reader of JSON can hold
constexpr std::int64_t kMaxWait = std::int64_t{366} * 86400;
constexpr std::size_t kMaxNameLength = 200;
constexpr std::size_t kMaxAccountLength = 1000;
constexpr std::size_t kSaltLength = 32;
constexpr std::size_t kKeyIdLength = 16;

constexpr std::array kHaltReasons{HaltReason::failed, HaltReason::lost, HaltReason::by_operator};
constexpr std::array kStates{MemberState::current, MemberState::ready,  MemberState::waiting,
                             MemberState::turn,    MemberState::failed, MemberState::unable,
                             MemberState::leading, MemberState::apart,  MemberState::alone};

// Reads members of an object. Any that is missing or invalid makes the whole object invalid.
class Members {
 public:
  // `valid` becomes false if something is not as it should be.
  Members(const json::value* value, bool& valid)
      : object_(value == nullptr ? nullptr : value->if_object()), valid_(valid) {
    valid_ = valid_ && object_ != nullptr;
  }

  const json::value* find(std::string_view name) const {
    return object_ == nullptr ? nullptr : object_->if_contains(name);
  }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  const json::object* object() const { return object_; }
  bool& valid() const { return valid_; }

  std::int64_t number(std::string_view name, std::int64_t highest = kMaxNumber) const {
    const json::value* const value = find(name);
    json::error_code error;
    const auto number = value == nullptr ? -1 : value->to_number<std::int64_t>(error);
    return checked(!error && number >= 0 && number <= highest) ? number : 0;
  }
  std::uint64_t generation(std::string_view name) const { return static_cast<std::uint64_t>(number(name)); }
  unsigned count(std::string_view name) const { return static_cast<unsigned>(number(name, state::kMaxCount)); }

  TimePoint time(std::string_view name) const {
    const json::value* const value = find(name);
    const auto seconds = value == nullptr ? std::nullopt : state::checked_seconds(*value);
    return checked(seconds.has_value()) ? TimePoint(*seconds) : TimePoint();
  }

  std::string text(std::string_view name) const {
    const json::value* const value = find(name);
    const auto* const text = value == nullptr ? nullptr : value->if_string();
    return checked(text != nullptr) ? std::string(*text) : std::string();
  }
  // For people.
  std::string message(std::string_view name) const { return state::checked_text(text(name)); }
  // For programs.
  std::string word(std::string_view name, std::size_t longest = kMaxNameLength) const {
    std::string word = text(name);
    checked(word.size() <= longest && printable(word, longest) == word);
    return word;
  }
  MemberName member(std::string_view name) const {
    MemberName member = text(name);
    checked(is_member_name(member));
    return member;
  }
  bool flag(std::string_view name) const {
    const json::value* const value = find(name);
    const auto* const flag = value == nullptr ? nullptr : value->if_bool();
    return checked(flag != nullptr) && *flag;
  }
  const json::array& array(std::string_view name, std::size_t longest = kMaxMembers) const {
    static const json::array none;
    const json::value* const value = find(name);
    const auto* const array = value == nullptr ? nullptr : value->if_array();
    return checked(array != nullptr && array->size() <= longest) ? *array : none;
  }
  template <typename Enum, std::size_t size>
  Enum one_of(std::string_view name, const std::array<Enum, size>& all) const {
    const std::string word = text(name);
    const auto found = std::ranges::find_if(all, [&word](Enum one) { return to_string(one) == word; });
    return checked(found != all.end()) ? *found : all.front();
  }
  CertificateRecord certificate() const {
    auto record = object_ == nullptr ? std::nullopt : state::certificate_record(*object_);
    return checked(record.has_value()) ? std::move(*record) : CertificateRecord();
  }
  std::string fingerprint(std::string_view name) const {
    std::string digits = text(name);
    checked(state::is_hexadecimal(digits));
    return digits;
  }

  bool checked(bool good) const {
    valid_ = valid_ && good;
    return good;
  }

 private:
  const json::object* object_;
  bool& valid_;
};

std::vector<MemberName> names(const Members& members, std::string_view name) {
  std::vector<MemberName> names;
  for (const auto& value : members.array(name)) {
    const auto* const text = value.if_string();
    if (members.checked(text != nullptr && is_member_name(*text))) {
      names.emplace_back(*text);
    }
  }
  std::ranges::sort(names);
  members.checked(std::ranges::adjacent_find(names) == names.end());
  return names;
}

std::vector<Holder> holders(const Members& members) {
  std::vector<Holder> holders;
  for (const auto& value : members.array("holders")) {
    const Members holder(&value, members.valid());
    holders.push_back({holder.member("member"), holder.generation("generation"), holder.word("id"), holder.time("at")});
  }
  std::ranges::sort(holders, {}, &Holder::member);
  members.checked(std::ranges::adjacent_find(holders, {}, &Holder::member) == holders.end());
  return holders;
}

std::map<MemberName, FailedMember> failed_members(const Members& members) {
  const Members all(members.find("failed"), members.valid());
  std::map<MemberName, FailedMember> failed;
  if (all.object() == nullptr || !members.checked(all.object()->size() <= kMaxMembers)) {
    return failed;
  }
  for (const auto& [name, value] : *all.object()) {
    const Members failure(&value, members.valid());
    members.checked(is_member_name(name));
    failed[name] = {failure.message("message"), failure.time("at"), failure.flag("given_up")};
  }
  return failed;
}

RenewalRecord read_renewal(const Members& members) {
  RenewalRecord record;
  const std::string state = members.text("state");
  members.checked(state == "idle" || state == "asking");
  if (state == "asking") {
    const Members claim(members.find("claim"), members.valid());
    record.claim = Claim{claim.word("id"), claim.member("member"), claim.time("at"), claim.count("confirmed")};
    claim.checked(!record.claim->id.empty());
  }
  for (const auto& value : members.array("requests")) {
    const auto seconds = state::checked_seconds(value);
    if (members.checked(seconds.has_value())) {
      record.requests.emplace_back(*seconds);
    }
  }
  std::ranges::sort(record.requests);
  record.failures = members.count("failures");
  if (members.has("failed")) {
    const Members failed(members.find("failed"), members.valid());
    record.failed =
        FailedRequest{failed.member("member"), failed.text("class"), failed.message("message"), failed.time("at")};
    failed.checked(state::is_failure_class(record.failed->failure_class));
  }
  record.wait = std::chrono::seconds(members.number("wait", kMaxWait));
  return record;
}

Rollout read_rollout(const Members& members) {
  Rollout rollout{.generation = members.generation("generation"), .fingerprint = members.text("fingerprint")};
  // Halted before anything was published, it is of no generation.
  members.checked(rollout.generation == 0 ? rollout.fingerprint.empty() : state::is_hexadecimal(rollout.fingerprint));
  const std::string state = members.text("state");
  members.checked(state == "rolling" || state == "halted");
  if (state == "halted") {
    const Members halt(members.find("halt"), members.valid());
    rollout.halt = Halt{halt.one_of("reason", kHaltReasons), halt.member("member"), halt.time("at")};
  }
  rollout.holders = holders(members);
  rollout.verified = names(members, "verified");
  rollout.failed = failed_members(members);
  rollout.lost = names(members, "lost");
  rollout.excused = names(members, "excused");
  return rollout;
}

MemberRecord read_member(const Members& members) {
  MemberRecord record{.machine = members.word("machine"),
                      .process = members.word("process"),
                      .version = members.word("version"),
                      .key_id = members.word("key_id"),
                      .state = members.one_of("state", kStates),
                      .reason = members.message("reason"),
                      .generation = members.generation("generation"),
                      .since = members.time("since")};
  if (members.has("installed")) {
    record.installed = Members(members.find("installed"), members.valid()).certificate();
  }
  if (members.has("in_use")) {
    record.in_use = Members(members.find("in_use"), members.valid()).certificate();
  }
  return record;
}

Header read_header(const Members& members) {
  Header header{.account = members.word("account", kMaxAccountLength),
                .generation = members.generation("generation"),
                .key_id = members.text("key_id"),
                .salt = decode_base64(members.text("salt")).value_or(""),
                .published_by = members.member("published_by"),
                .claim = members.word("claim"),
                .at = members.time("at"),
                .certificate = members.certificate()};
  members.checked(header.key_id.size() == kKeyIdLength && state::is_hexadecimal(header.key_id));
  members.checked(header.salt.size() == kSaltLength);
  return header;
}

tl::unexpected<RefusedValue> refused(Refusal refusal, std::string_view what, std::string_view why) {
  return tl::unexpected(RefusedValue{refusal, "reading the fleet's " + std::string(what) + ": " + std::string(why)});
}

template <typename Read>
auto parse(std::string_view text, std::string_view what, Read read)
    -> Accepted<decltype(read(std::declval<Members>()))> {
  if (text.size() > kPublishedLimit) {
    return refused(Refusal::too_large, what, "it is larger than 1 MiB");
  }
  json::error_code error;
  const json::value value = json::parse(json::string_view(text), error);
  bool valid = !error;
  const Members members(&value, valid);
  const std::int64_t needs = members.has("min_reader") ? members.number("min_reader") : kReader;
  if (valid && needs > kReader) {
    return refused(Refusal::newer_version, what, "it needs a newer version of gravitee-renewd");
  }
  auto record = read(members);  // `members` notes in `valid` what is wrong
  if (!valid) {
    return refused(Refusal::tampered, what, "it is not as a member of the fleet writes it");
  }
  return record;
}

}  // namespace

Accepted<RenewalRecord> parse_renewal(std::string_view text) {
  return parse(text, "renewal", read_renewal);
}

Accepted<Rollout> parse_rollout(std::string_view text) {
  return parse(text, "roll-out", read_rollout);
}

Accepted<MemberRecord> parse_member(std::string_view text) {
  return parse(text, "member", read_member);
}

Accepted<Published> parse_published(std::string_view text) {
  if (text.size() > kPublishedLimit) {
    return refused(Refusal::too_large, "generation", "it is larger than 1 MiB");
  }
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  auto header = parse(line, "generation", read_header);
  if (!header) {
    return tl::unexpected(std::move(header).error());
  }
  auto sealed = end == std::string_view::npos ? std::nullopt : decode_base64(text.substr(end + 1));
  if (!sealed) {
    return refused(Refusal::tampered, "generation", "its second line is not base64");
  }
  return Published{std::move(*header), std::string(line), std::move(*sealed)};
}

}  // namespace renewd::fleet
