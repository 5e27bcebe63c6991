// What a fleet of real daemons did, in the form that the auditor checks: read from etcd directly, from the gateways'
// records, and from the daemons' logs.
#pragma once

#include <boost/asio/io_context.hpp>

#include "fleet/etcd_store.hpp"
#include "support/fleet/auditor.hpp"
#include "support/fleet_hosts.hpp"

namespace renewd::testing {

class FleetRecorder {
 public:
  explicit FleetRecorder(FleetHosts& fleet);

  // Reads all revisions up to now: before each compaction, and at the end. Needs a quorum.
  void catch_up();
  // The last revision that has been read, and what etcd had in it.
  fleet::Revision revision() const { return last_; }
  const fleet::View& view() const { return view_; }
  // Everything so far; `ended`: all faults are over, and the fleet is at rest.
  FleetHistory history(unsigned restart_at_once, bool ended);

 private:
  void add_installations(FleetHistory& history) const;
  std::vector<fleet::CertificateRecord> on_disk(std::size_t i) const;
  void add_times(FleetHistory& history) const;
  void add_requests(FleetHistory& history) const;
  void add_restarts(FleetHistory& history) const;

  FleetHosts& fleet_;
  boost::asio::io_context io_;
  fleet::Keys keys_;
  fleet::EtcdStore store_;
  fleet::Revision last_ = 1;
  fleet::View view_;
  std::vector<Revised> revisions_;
};

// When it was logged.
TimePoint time_of(const boost::json::object& event);

// "gateway-0/production"
fleet::MemberName member_name(std::size_t i);

}  // namespace renewd::testing
