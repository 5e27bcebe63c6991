// What a command on a terminal is waiting for: one line below the log, drawn again each second and gone in the end.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "configuration/settings.hpp"
#include "core/event_log.hpp"

namespace renewd::commands {

// How long each of the long steps may take.
struct StepLimits {
  std::chrono::seconds request;
  std::chrono::seconds activation;
  std::chrono::seconds verification;
};
StepLimits step_limits(const configuration::CertificateSettings& certificate, const configuration::HttpSettings& http);

// Between the log and its output: takes its own line away before each event is written there. For one thread alone:
// that of the LogQueue, since a terminal may be stopped.
class Progress final : public EventSink {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // Draws on `terminal`, which must outlive this object; `limits` by the certificate's name.
  Progress(
      std::shared_ptr<EventSink> output, std::ostream& terminal, std::size_t width,
      std::map<std::string, StepLimits> limits,
      std::function<SteadyTime()> now = [] { return std::chrono::steady_clock::now(); });

  void write(const Event& event) override;
  // Begins with the step that no event tells of: the gateway, when a person wants just that. `keystore`, in words, is
  // what it is to use.
  void begin_activation(std::string_view certificate, std::string_view keystore);
  // The step under way, as of now; nothing without one.
  void draw();
  // No step is under way any more.
  void end();

 private:
  struct Step {
    std::string certificate;
    std::string what;
    SteadyTime began;
    std::optional<std::chrono::seconds> limit;
  };
  void begin(std::string_view certificate, std::string what, std::chrono::seconds StepLimits::* limit = nullptr);
  void follow(const Event& event);
  void erase();
  void redraw();
  std::string line() const;

  std::shared_ptr<EventSink> output_;
  std::ostream& terminal_;
  std::size_t width_;
  std::map<std::string, StepLimits> limits_;
  std::function<SteadyTime()> now_;
  std::optional<Step> step_;
};

}  // namespace renewd::commands
