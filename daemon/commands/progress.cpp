#include "commands/progress.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "commands/layout.hpp"
#include "commands/printable_output.hpp"
#include "core/text.hpp"

namespace renewd::commands {

using std::chrono::seconds;

namespace {

struct EventStep {
  EventName event;
  std::string_view step;  // empty: the event ends a step
  seconds StepLimits::* limit = nullptr;
};
constexpr std::array kEventSteps{
    EventStep{EventName::renewal_requested, "requesting a certificate", &StepLimits::request},
    EventStep{EventName::renewal_answered, "checking and installing the answer"},
    EventStep{EventName::keystore_installed, "activating it", &StepLimits::activation},
    EventStep{EventName::gateway_activated, "verifying the gateway", &StepLimits::verification},
    EventStep{EventName::gateway_activation_failed, "activating the previous keystore", &StepLimits::activation},
    EventStep{EventName::gateway_verification_failed, "activating the previous keystore", &StepLimits::activation},
    EventStep{EventName::renewal_resumed, "resuming"},
    EventStep{EventName::renewal_completed, ""},
    EventStep{EventName::renewal_failed, ""},
    EventStep{EventName::renewal_rejected, ""},
    EventStep{EventName::renewal_rolled_back, ""},
    EventStep{EventName::gateway_verified, ""},
    EventStep{EventName::daemon_stopping, ""},
};

}  // namespace

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
  const auto* const found = std::ranges::find(kEventSteps, event.name, &EventStep::event);
  if (found == kEventSteps.end()) {
    return;
  }
  if (found->step.empty()) {
    step_.reset();
  } else {
    begin(event.certificate, std::string(found->step), found->limit);
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
