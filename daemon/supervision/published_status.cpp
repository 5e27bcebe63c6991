#include "supervision/published_status.hpp"

#include <utility>

#include "core/blocking.hpp"
#include "state/generations.hpp"

namespace renewd::supervision {

namespace asio = boost::asio;

PublishedStatus::PublishedStatus(const renewal::RenewalContext& context,
                                 const configuration::CertificateSettings& certificate,
                                 const configuration::Settings& settings, const renewal::Schedule& schedule,
                                 report::StatusBoard& board)
    : context_(context),
      certificate_(certificate),
      settings_(settings.schedule),
      state_directory_(settings.state_directory),
      schedule_(schedule),
      board_(board) {}

asio::awaitable<Result<keystore::InstalledKeystore>> PublishedStatus::read() {
  co_return co_await run_blocking(context_.pool, [this] {
    auto installed = context_.keystore.read();
    status_ = report::read_status(context_.filesystem, context_.keystore, installed, certificate_, state_directory_,
                                  context_.clock.now(), report::Reader::daemon);
    return installed;
  });
}

void PublishedStatus::installed(const renewal::Record& record, const certificate::Certificate& certificate) {
  if (!status_->in_use && !status_->replaced) {
    status_->replaced = state::certificate_of(
        state::Generations(context_.filesystem, {state_directory_, certificate_.name}), record.previous_generation);
  }
  status_->outlook = report::Outlook{certificate};
  status_->unfinished = record;
  status_->longer_lasting.reset();
  publish();
}

void PublishedStatus::publish() {
  if (status_) {
    status_->attempts = schedule_.attempts();
    report::plan(*status_, certificate_, settings_, schedule_.offset(), context_.clock.now());
    board_.publish(*status_);
  }
}

}  // namespace renewd::supervision
