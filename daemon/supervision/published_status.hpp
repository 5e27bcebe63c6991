// The status that the daemon publishes for one certificate: read from the disk outside the event loop, then updated in
// memory.
#pragma once

#include <filesystem>
#include <optional>

#include <boost/asio/awaitable.hpp>

#include "configuration/settings.hpp"
#include "renewal/context.hpp"
#include "report/certificate_status.hpp"
#include "report/status_board.hpp"

namespace renewd::supervision {

class PublishedStatus {
 public:
  // All of them must outlive this object.
  PublishedStatus(const renewal::RenewalContext& context, const configuration::CertificateSettings& certificate,
                  const configuration::Settings& settings, const renewal::Schedule& schedule,
                  report::StatusBoard& board);

  // Reads the keystore and the state. Publishes nothing.
  boost::asio::awaitable<Result<keystore::InstalledKeystore>> read();
  // As of the last read().
  const std::optional<renewal::Record>& unfinished() const { return status_->unfinished; }
  // A keystore was installed. The gateway may take minutes to restart, and the status must show that meanwhile.
  void installed(const renewal::Record& record, const certificate::Certificate& certificate);
  // Publishes the status and what comes next. Does nothing before the first read().
  void publish();

 private:
  const renewal::RenewalContext& context_;
  const configuration::CertificateSettings& certificate_;
  configuration::ScheduleSettings settings_;
  std::filesystem::path state_directory_;
  const renewal::Schedule& schedule_;
  report::StatusBoard& board_;
  std::optional<report::CertificateStatus> status_;
};

}  // namespace renewd::supervision
