// The status that the daemon publishes for one certificate: read from the disk outside the event loop, then updated in
// memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "configuration/settings.hpp"
#include "renewal/context.hpp"
#include "report/certificate_status.hpp"
#include "report/status_board.hpp"
#include "state/observation.hpp"

namespace renewd::supervision {

class PublishedStatus {
 public:
  // All of them must outlive this object.
  PublishedStatus(const renewal::RenewalContext& context, const configuration::CertificateSettings& certificate,
                  const configuration::Settings& settings, const renewal::Schedule& schedule,
                  report::StatusBoard& board);

  // Reads the keystore and the state, and looks at the gateway. Stores what commands cannot see. Publishes nothing.
  boost::asio::awaitable<Result<keystore::InstalledKeystore>> read();
  // Looks at the gateway alone.
  boost::asio::awaitable<void> look_at_gateway();
  // The last write to the state.
  void saved(const Result<void>& saved);
  // Something is wrong that may be fixed without this process noticing.
  bool in_trouble() const;
  // True once after the problems that an earlier check had found, perhaps in another process, were gone.
  bool problems_are_gone() { return std::exchange(problems_are_gone_, false); }
  // As of the last read().
  const std::optional<renewal::Record>& unfinished() const { return status_->unfinished; }
  // A keystore was installed. The gateway may take minutes to restart, and the status must show that meanwhile.
  void installed(const renewal::Record& record, const certificate::Certificate& certificate);
  // What this host sees of its fleet; and how many calls to etcd have failed, by reason.
  boost::asio::awaitable<void> look_at_fleet(std::optional<state::FleetStatus> fleet,
                                             std::map<std::string, std::uint64_t> failed_calls);
  // Publishes the status and what comes next. Does nothing before the first read().
  void publish();
  // What was published last; nothing before the first read().
  const std::optional<report::CertificateStatus>& status() const { return status_; }

 private:
  boost::asio::awaitable<bool> examine_gateway(report::CertificateStatus& status);
  bool gateway_may_recover() const;
  void keep_in_use(const keystore::InstalledKeystore& installed, bool is_news);
  void store_observation();

  const renewal::RenewalContext& context_;
  const configuration::CertificateSettings& certificate_;
  const configuration::Settings& settings_;
  const renewal::Schedule& schedule_;
  report::StatusBoard& board_;
  state::ObservationStore observations_;
  state::Observation observed_;  // at the last check
  bool problems_are_gone_ = false;
  std::optional<state::FleetStatus> fleet_;
  bool kept_ = false;  // the keystore in use, as a generation
  std::optional<report::CertificateStatus> status_;
};

}  // namespace renewd::supervision
