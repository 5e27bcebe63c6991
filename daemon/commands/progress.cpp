#include "commands/progress.hpp"

#include <utility>

#include <fmt/format.h>

#include "commands/layout.hpp"
#include "commands/printable_output.hpp"
#include "core/text.hpp"

namespace renewd::commands {

using std::chrono::seconds;

StepLimits step_limits(const configuration::CertificateSettings& certificate, const configuration::HttpSettings& http) {
  const auto& gateway = certificate.gateway;
  return {http.request_timeout, gateway.activation_timeout(), gateway.verify_timeout};
}

Progress::Progress(std::shared_ptr<EventSink> output, std::ostream& terminal, std::size_t width,
                   std::map<std::string, StepLimits> limits, std::function<SteadyTime()> now)
    : output_(std::move(output)),
      terminal_(terminal),
      width_(width),
      limits_(std::move(limits)),
      now_(std::move(now)) {}

void Progress::write(const Event& event) {
  erase();
  output_->write(event);
  update_step(event);
  draw();
}

void Progress::begin(std::string_view certificate, std::string what, seconds StepLimits::* limit) {
  step_ = Step{std::string(certificate), std::move(what), now_(), std::nullopt};
  const auto limits = limits_.find(step_->certificate);
  if (limit != nullptr && limits != limits_.end()) {
    step_->limit = limits->second.*limit;
  }
}

void Progress::begin_activation(std::string_view certificate, std::string_view keystore) {
  begin(certificate, fmt::format("activating {}", keystore), &StepLimits::activation);
  draw();
}

void Progress::update_step(const Event& event) {
  switch (event.name) {
    case EventName::renewal_requested:
      return begin(event.certificate, "requesting a certificate", &StepLimits::request);
    case EventName::renewal_answered:
      return begin(event.certificate, "checking and installing the answer");
    case EventName::keystore_installed:
      return begin(event.certificate, "activating it", &StepLimits::activation);
    case EventName::gateway_activated:
      return begin(event.certificate, "verifying the gateway", &StepLimits::verification);
    case EventName::gateway_activation_failed:
    case EventName::gateway_verification_failed:
      return begin(event.certificate, "activating the previous keystore", &StepLimits::activation);
    case EventName::renewal_resumed:
      return begin(event.certificate, "resuming");
    case EventName::renewal_completed:
    case EventName::renewal_failed:
    case EventName::renewal_rejected:
    case EventName::renewal_rolled_back:
    case EventName::gateway_verified:
    case EventName::daemon_stopping:
      step_.reset();
      return;
    // The others neither begin nor end a step.
    case EventName::daemon_started:
    case EventName::config_reloaded:
    case EventName::config_rejected:
    case EventName::certificate_checked:
    case EventName::certificate_changed_on_disk:
    case EventName::certificate_expiring:
    case EventName::certificate_expired:
    case EventName::certificate_unreadable:
    case EventName::renewal_due:
    case EventName::gateway_output:
    case EventName::clock_skewed:
    case EventName::clock_changed:
    case EventName::token_unusable:
    case EventName::monitoring_unavailable:
    case EventName::log_lines_dropped:
    case EventName::fleet_leading:
    case EventName::fleet_following:
    case EventName::fleet_unreachable:
      return;
  }
}

std::string Progress::line() const {
  const auto elapsed = std::chrono::floor<seconds>(now_() - step_->began);
  std::string text = fmt::format("{}: {}, {}", step_->certificate, step_->what, format_duration(elapsed));
  if (step_->limit) {
    text += elapsed < *step_->limit ? fmt::format(" (at most {} more)", format_duration(*step_->limit - elapsed))
                                    : " (about to time out)";
  }
  // A line that the terminal breaks could not be removed.
  return wrapped(text, width_ > 1 ? width_ - 1 : 1).front();
}

void Progress::draw() {
  if (step_) {
    control_terminal(terminal_, "\r");
    terminal_ << line();
    control_terminal(terminal_, "\033[K");
    terminal_ << std::flush;
  }
}

void Progress::end() {
  erase();
  step_.reset();
}

void Progress::erase() {
  if (step_) {
    control_terminal(terminal_, "\r\033[K");
    terminal_ << std::flush;
  }
}

}  // namespace renewd::commands
