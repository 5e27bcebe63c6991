#include "fleet_history.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include "certificate/keystore.hpp"
#include "cloud/answer.hpp"
#include "core/text.hpp"
#include "unit/http/event_loop.hpp"

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;

configuration::EtcdSettings settings_of(const EtcdCluster& etcd) {
  configuration::EtcdSettings settings;
  settings.endpoints = etcd.endpoints();
  settings.ca_file = etcd.ca_file();
  settings.username = etcd.user();
  settings.password = SecretSource{SecretSource::Kind::value, "", Secret(etcd.password())};
  return settings;
}

fleet::CertificateRecord certificate_in(const std::filesystem::path& keystore) {
  const auto opened = certificate::open_keystore(read_file(keystore), Secret(kKeystorePassword));
  if (!opened) {
    throw std::runtime_error("cannot be opened: " + keystore.string());
  }
  return state::record_of(opened->certificate);
}

struct GatewayLine {
  bool down;
  fleet::MemberName member;
  TimePoint at;
};

std::vector<GatewayLine> gateway_lines(const FleetHosts& fleet) {
  std::vector<GatewayLine> all;
  std::istringstream lines(fleet.gateways());
  for (std::string state, name, time; lines >> state >> name >> time;) {
    all.push_back({state == "down", name + "/production", TimePoint(std::chrono::milliseconds(std::stoll(time)))});
  }
  return all;
}

}  // namespace

// "2026-01-31T12:00:00.123Z"
TimePoint time_of(const boost::json::object& event) {
  const std::string text = field(event, "time");
  const auto seconds = parse_time(text.substr(0, 19) + "Z");
  if (!seconds || text.size() < 23) {
    throw std::runtime_error("not a time: " + text);
  }
  return *seconds + std::chrono::milliseconds(std::stoi(text.substr(20, 3)));
}

fleet::MemberName member_name(std::size_t i) {
  return "gateway-" + std::to_string(i) + "/production";
}

FleetRecorder::FleetRecorder(FleetHosts& fleet)
    : fleet_(fleet),
      keys_("/gravitee-renewd", kAccount),
      store_(io_.get_executor(), settings_of(fleet.etcd()), "auditor") {}

void FleetRecorder::catch_up() {
  io_.restart();
  const auto now = run_in(io_, store_.read(keys_.base()));
  if (!now) {
    throw std::runtime_error("etcd cannot be read: " + now.error().message);
  }
  if (now->revision <= last_) {
    return;
  }
  boost::asio::cancellation_signal stop;
  std::optional<std::string> ended;
  const auto changed = [this](const fleet::Changes& changes) {
    fleet::apply(changes, keys_, view_);
    revisions_.push_back({std::chrono::system_clock::now(), changes});
    last_ = changes.revision;
  };
  boost::asio::co_spawn(io_, store_.watch(keys_.base(), last_ + 1, changed),
                        boost::asio::bind_cancellation_slot(
                            stop.slot(), [&](std::exception_ptr, const auto& error) { ended = error.message; }));
  io_.restart();
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (last_ < now->revision && !ended && std::chrono::steady_clock::now() < deadline) {
    io_.run_one_for(50ms);
  }
  const bool complete = last_ >= now->revision;
  stop.emit(boost::asio::cancellation_type::terminal);
  io_.restart();
  while (!ended) {
    io_.run_one_for(50ms);
  }
  if (!complete) {
    throw std::runtime_error("the history cannot be read: " + *ended);
  }
}

// Revisions are read later than they came to be. A turn and a claim were committed before their host logged them, and
// whatever precedes them in etcd even earlier.
void FleetRecorder::add_times(FleetHistory& history) const {
  std::map<fleet::MemberName, std::vector<TimePoint>> taken;
  for (std::size_t i = 0; i < fleet_.size(); ++i) {
    for (const auto& event : fleet_.events(i)) {
      if (field(event, "event") == "fleet_turn" && field(event, "turn") == "taken") {
        taken[member_name(i)].push_back(time_of(event));
      }
    }
  }
  const auto restarts = gateway_lines(fleet_);
  fleet::View before;
  for (auto& revised : history.revisions) {
    fleet::View after = before;
    fleet::apply(revised.changes, keys_, after);
    if (const auto& renewal = after.renewal.value; renewal && renewal->claim) {
      revised.at = std::min(revised.at, renewal->claim->at);
    }
    for (const auto& holder : after.rollout.value ? after.rollout.value->holders : std::vector<fleet::Holder>()) {
      if (before.rollout.value && before.rollout.value->holder(holder.member) != nullptr) {
        continue;
      }
      // Its times are whole seconds. Without an event (the host died, or had no response) its restart tells.
      TimePoint at = holder.at + 1s;
      const auto& events = taken[holder.member];
      const auto event = std::ranges::find_if(
          events, [&holder](TimePoint time) { return time >= holder.at && time < holder.at + 2s; });
      const auto restart = std::ranges::find_if(restarts, [&holder](const GatewayLine& line) {
        return line.down && line.member == holder.member && line.at >= holder.at;
      });
      if (event != events.end()) {
        at = *event;
      } else if (restart != restarts.end()) {
        at = std::min(at, restart->at);
      }
      revised.at = std::min(revised.at, at);
    }
    before = std::move(after);
  }
  for (std::size_t i = history.revisions.size(); i-- > 1;) {
    history.revisions[i - 1].at = std::min(history.revisions[i - 1].at, history.revisions[i].at);
  }
}

void FleetRecorder::add_requests(FleetHistory& history) const {
  for (std::size_t i = 0; i < fleet_.size(); ++i) {
    bool under_way = false;
    for (const auto& event : fleet_.events(i)) {
      const std::string name = field(event, "event");
      if (name == "renewal_requested") {
        history.further_requests += under_way ? 1U : 0U;
        under_way = true;
        Post post{time_of(event), member_name(i), {}};
        fleet::View view;
        for (const auto& revised : history.revisions) {
          fleet::apply(revised.changes, keys_, view);
          const auto& renewal = view.renewal.value;
          if (revised.at <= post.at && renewal && renewal->claim && renewal->claim->member == post.member) {
            post.claim = renewal->claim->id;
          }
        }
        history.posts.push_back(std::move(post));
      } else if (name == "renewal_answered") {
        under_way = false;
      }
    }
    history.further_requests += under_way ? 1U : 0U;
  }
}

void FleetRecorder::add_restarts(FleetHistory& history) const {
  std::map<fleet::MemberName, std::vector<std::size_t>> down;
  for (const auto& line : gateway_lines(fleet_)) {
    auto& open = down[line.member];
    if (line.down) {
      open.push_back(history.restarts.size());
      fleet::View view;
      for (const auto& revised : history.revisions) {
        if (revised.at <= line.at) {
          fleet::apply(revised.changes, keys_, view);
        }
      }
      history.restarts.push_back(
          {line.member, view.rollout.value ? view.rollout.value->fingerprint : "", line.at, TimePoint::max()});
    } else if (!open.empty()) {
      history.restarts[open.front()].up = line.at;
      open.erase(open.begin());
    }
  }
}

// What was replaced is in the generation that the event names; only the newest three are stored.
void FleetRecorder::add_installations(FleetHistory& history) const {
  for (std::size_t i = 0; i < fleet_.size(); ++i) {
    for (const auto& event : fleet_.events(i)) {
      const auto* const generation = event.if_contains("generation");
      if (field(event, "event") != "keystore_installed" || generation == nullptr) {
        continue;
      }
      const auto replaced =
          fleet_.host(i).state() / "generations" / std::to_string(generation->to_number<std::int64_t>());
      const auto from = parse_time(field(event, "not_before"));
      const auto until = parse_time(field(event, "not_after"));
      if (!from || !until) {
        throw std::runtime_error("keystore_installed has no dates");
      }
      if (std::filesystem::exists(replaced)) {
        fleet::CertificateRecord installed{field(event, "serial"), "", std::chrono::floor<std::chrono::seconds>(*from),
                                           std::chrono::floor<std::chrono::seconds>(*until)};
        history.installations.push_back({member_name(i), certificate_in(replaced), std::move(installed)});
      }
    }
  }
}

// All that the cloud has issued: the installed keystore, and an answer that waits.
std::vector<fleet::CertificateRecord> FleetRecorder::on_disk(std::size_t i) const {
  const Host& host = fleet_.host(i);
  std::vector<fleet::CertificateRecord> certificates{certificate_in(host.keystore())};
  if (std::filesystem::exists(host.state() / "answer")) {
    const auto installed = certificate::open_keystore(read_file(host.keystore()), Secret(kKeystorePassword));
    const auto answer = cloud::read_answer(read_file(host.state() / "answer"), *installed, Secret(kKeystorePassword),
                                           [] { return std::nullopt; });
    if (!answer) {
      throw std::runtime_error("an answer cannot be read: " + answer.error().message);
    }
    certificates.push_back(state::record_of(answer->keystore.certificate));
  }
  return certificates;
}

FleetHistory FleetRecorder::history(unsigned restart_at_once, bool ended) {
  catch_up();
  FleetHistory history{.keys = keys_,
                       .restart_at_once = restart_at_once,
                       .revisions = revisions_,
                       .secrets = {kAccountToken, kKeystorePassword, "PRIVATE KEY"},
                       .ended = ended};
  add_times(history);
  add_requests(history);
  add_restarts(history);
  add_installations(history);
  fleet::View before;
  for (const auto& revised : history.revisions) {
    fleet::View after = before;
    fleet::apply(revised.changes, keys_, after);
    const auto& earlier = before.rollout.value;
    const auto& later = after.rollout.value;
    // An operator resumed the roll-out, which drops absent holders.
    for (const auto& holder :
         earlier&& later && earlier->halt && !later->halt ? earlier->holders : std::vector<fleet::Holder>()) {
      if (later->holder(holder.member) == nullptr && !before.is_present(holder.member)) {
        history.drops.push_back({revised.at, holder.member});
      }
    }
    before = std::move(after);
  }
  for (std::size_t i = 0; i < fleet_.size(); ++i) {
    const auto member = view_.members.find(member_name(i));
    const auto& record = member == view_.members.end() ? std::nullopt : member->second.value;
    if (record) {
      history.members.push_back({member_name(i), record->in_use ? record->in_use->fingerprint : "", "", on_disk(i)});
    }
  }
  return history;
}

}  // namespace renewd::testing
