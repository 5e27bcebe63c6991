#include "fleet/records.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "core/json_text.hpp"
#include "core/text.hpp"
#include "fleet/base64.hpp"

namespace renewd::fleet {
namespace {

namespace json = boost::json;

// What readers of this version can use, too.
constexpr int kVersion = 1;
constexpr std::size_t kMaxHostLength = 255;
constexpr std::size_t kMaxCertificateLength = 255;

std::int64_t to_number(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

json::array to_json(const std::vector<MemberName>& names) {
  json::array array;
  for (const auto& name : names) {
    array.emplace_back(name);
  }
  return array;
}

json::array to_json(const std::vector<Holder>& holders) {
  json::array array;
  for (const auto& holder : holders) {
    array.push_back(json::object{
        {"member", holder.member}, {"generation", holder.generation}, {"id", holder.id}, {"at", to_number(holder.at)}});
  }
  return array;
}

json::object to_json(const std::map<MemberName, FailedMember>& failed) {
  json::object object;
  for (const auto& [name, failure] : failed) {
    object[name] =
        json::object{{"message", failure.message}, {"at", to_number(failure.at)}, {"given_up", failure.given_up}};
  }
  return object;
}

}  // namespace

bool is_later(const CertificateRecord& one, const CertificateRecord& other) {
  return std::pair(one.not_after, one.not_before) > std::pair(other.not_after, other.not_before);
}

bool is_member_name(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || text.find('/', slash + 1) != std::string_view::npos) {
    return false;
  }
  const auto host = text.substr(0, slash);
  const auto certificate = text.substr(slash + 1);
  return !host.empty() && host.size() <= kMaxHostLength && !certificate.empty() &&
         certificate.size() <= kMaxCertificateLength && printable(text, text.size()) == text &&
         text.find(' ') == std::string_view::npos;
}

std::string_view to_string(HaltReason reason) {
  switch (reason) {
    case HaltReason::failed:
      return "failed";
    case HaltReason::lost:
      return "lost";
    case HaltReason::by_operator:
      return "operator";
  }
  return "unknown";
}

std::string_view to_string(MemberState state) {
  switch (state) {
    case MemberState::current:
      return "current";
    case MemberState::ready:
      return "ready";
    case MemberState::waiting:
      return "waiting";
    case MemberState::turn:
      return "turn";
    case MemberState::failed:
      return "failed";
    case MemberState::unable:
      return "unable";
    case MemberState::leading:
      return "leading";
    case MemberState::apart:
      return "apart";
    case MemberState::alone:
      return "alone";
  }
  return "unknown";
}

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::wrong_key:
      return "wrong_key";
    case Refusal::tampered:
      return "tampered";
    case Refusal::replayed:
      return "replayed";
    case Refusal::too_large:
      return "too_large";
    case Refusal::newer_version:
      return "newer_version";
    case Refusal::wrong_account:
      return "wrong_account";
  }
  return "unknown";
}

const Holder* Rollout::holder(const MemberName& member) const {
  const auto found = std::ranges::find(holders, member, &Holder::member);
  return found == holders.end() ? nullptr : &*found;
}

std::string serialize(const RenewalRecord& record) {
  json::object object{{"v", kVersion}, {"state", record.claim ? "asking" : "idle"}};
  if (record.claim) {
    object["claim"] = json::object{{"id", record.claim->id},
                                   {"member", record.claim->member},
                                   {"at", to_number(record.claim->at)},
                                   {"confirmed", record.claim->confirmed}};
  }
  json::array requests;
  for (const TimePoint request : record.requests) {
    requests.push_back(to_number(request));
  }
  object["requests"] = std::move(requests);
  object["failures"] = record.failures;
  if (record.failed) {
    object["failed"] = json::object{{"member", record.failed->member},
                                    {"class", record.failed->failure_class},
                                    {"message", record.failed->message},
                                    {"at", to_number(record.failed->at)}};
  }
  object["wait"] = record.wait.count();
  return json_text(std::move(object));
}

std::string serialize(const Rollout& rollout) {
  json::object object{{"v", kVersion},
                      {"generation", rollout.generation},
                      {"fingerprint", rollout.fingerprint},
                      {"state", rollout.halt ? "halted" : "rolling"},
                      {"holders", to_json(rollout.holders)},
                      {"verified", to_json(rollout.verified)},
                      {"failed", to_json(rollout.failed)},
                      {"lost", to_json(rollout.lost)},
                      {"excused", to_json(rollout.excused)}};
  if (rollout.halt) {
    object["halt"] = json::object{{"reason", to_string(rollout.halt->reason)},
                                  {"member", rollout.halt->member},
                                  {"at", to_number(rollout.halt->at)}};
  }
  return json_text(std::move(object));
}

std::string serialize(const MemberRecord& record) {
  json::object object{{"v", kVersion},
                      {"machine", record.machine},
                      {"process", record.process},
                      {"version", record.version},
                      {"key_id", record.key_id},
                      {"state", to_string(record.state)},
                      {"reason", record.reason},
                      {"generation", record.generation}};
  if (record.installed) {
    object["installed"] = state::to_json(*record.installed);
  }
  if (record.in_use) {
    object["in_use"] = state::to_json(*record.in_use);
  }
  object["since"] = to_number(record.since);
  return json_text(std::move(object));
}

std::string header_line(const Header& header) {
  json::object object{{"v", kVersion},
                      {"min_reader", kVersion},
                      {"account", header.account},
                      {"generation", header.generation},
                      {"key_id", header.key_id},
                      {"salt", encode_base64(header.salt)},
                      {"published_by", header.published_by},
                      {"claim", header.claim},
                      {"at", to_number(header.at)}};
  for (auto& [name, value] : state::to_json(header.certificate)) {
    object[name] = value;
  }
  return json_text(std::move(object));
}

std::string serialize(const Published& published) {
  return published.header_line + "\n" + encode_base64(published.sealed);
}

}  // namespace renewd::fleet
