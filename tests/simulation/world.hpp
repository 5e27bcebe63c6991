// A fleet in virtual time: hosts, the etcd between them, a cloud, gateways, an operator, and chance. The same seed
// gives the same course of events on every machine.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "fleet/decide.hpp"
#include "lifetimes/random.hpp"
#include "support/fleet/auditor.hpp"
#include "support/fleet/memory_etcd.hpp"

namespace renewd::testing {

class Host;

class World {
 public:
  World(std::uint64_t seed, bool trace);
  ~World();

  // Until the end, and then what the auditor says.
  std::vector<Violation> run();

  TimePoint now() const { return now_; }
  void at(TimePoint time, std::function<void()> happens);
  void trace(const std::string& who, const std::string& what) const;
  bool is_tracing() const { return tracing_; }
  // While something may go wrong.
  bool in_trouble() const { return now_ < calm_from_; }
  bool mishap(double probability) { return in_trouble() && random.chance(probability); }

  // A call of etcd by a host: `at_etcd` happens never, once, or after the host has given up; then `answered` tells the
  // host whether it has a response.
  void call_etcd(Host& host, std::function<void()> at_etcd, std::function<void(bool answered)> then);
  // The same, and what it changes is held against the rules.
  // `host` is null for an operator.
  std::optional<fleet::Committed> commit(const Host* host, const fleet::Transaction& transaction, Lease lease);
  // `then` gets a certificate, or what went wrong.
  void request_certificate(Host& host, const std::string& claim,
                           std::function<void(Result<fleet::CertificateRecord>)> then);
  // A host has the cloud's answer on its disk.
  void stored(const fleet::CertificateRecord& certificate);
  // Whether a gateway runs with it.
  bool runs(const fleet::MemberName& member, const fleet::CertificateRecord& certificate);

  // A turn that is over must be reported soon.
  void expect_report(Host& host);
  // A gateway restarts in its maintenance window.
  void expect_window(const Host& host, bool is_open);
  // Of two hosts with one name, until one of them has noticed, both may act as that member.
  void excuse_twins(const Host& host);
  std::string gateway_of(const Host& host) const;

  Random random;
  MemoryEtcd etcd;
  fleet::Keys keys{"/gravitee-renewd", "account"};
  fleet::Rules rules;
  FleetHistory history{.keys = fleet::Keys("/gravitee-renewd", "account")};
  std::size_t bad_generations = 0;

 private:
  struct Issued {
    fleet::CertificateRecord certificate;
    bool is_stored = false;
  };

  void set_up();
  void look_at_claim(const Host* host, const fleet::RenewalRecord& before, const fleet::RenewalRecord& after);
  void look_at_rollout(const Host* host, const fleet::Rollout& before, const fleet::Rollout& after);
  void expect_recovery();
  void check_recovery(const fleet::CertificateRecord& published);
  bool is_twin(const Host& host) const;
  void plan_troubles();
  void trouble(std::size_t kind);
  void watch_etcd();
  void operate();
  void finish();

  bool tracing_;
  TimePoint start_;
  TimePoint now_;
  TimePoint calm_from_;
  TimePoint end_;
  std::multimap<TimePoint, std::function<void()>> events_;
  std::vector<std::unique_ptr<Host>> hosts_;
  bool peaceful_ = false;
  std::vector<Violation> others_;
  std::size_t seen_events_ = 0;
  std::optional<MemoryEtcd::Backup> backup_;
  Span backdated_{0};
  std::optional<ErrorKind> cloud_trouble_;
  int issued_ = 0;
  std::vector<Issued> by_cloud_;
  bool revokes_ = false;       // the cloud revokes the earlier certificates when it issues another one
  std::set<std::string> bad_;  // fingerprints of certificates that no gateway runs with
  // Whose they are, by id: of two hosts with one name, one may end those of the other.
  std::map<std::string, const Host*> claims_;
  std::map<std::string, const Host*> turns_;
};

}  // namespace renewd::testing
