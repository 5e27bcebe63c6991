// Shows what a command on a terminal waits for: one line below the log, refreshed every second and removed at the end.
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

// Time limits of the long steps.
struct StepLimits {
  std::chrono::seconds request;
  std::chrono::seconds activation;
  std::chrono::seconds verification;
};
StepLimits step_limits(const configuration::CertificateSettings& certificate, const configuration::HttpSettings& http);

// Between the log and its output: removes its line before it writes an event. Not thread-safe: the LogQueue's thread
// uses it, because writing to a terminal may block.
class Progress final : public EventSink {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // Draws on `terminal`, which must outlive this object; `limits` by the certificate's name.
  Progress(
      std::shared_ptr<EventSink> output, std::ostream& terminal, std::size_t width,
      std::map<std::string, StepLimits> limits,
      std::function<SteadyTime()> now = [] { return std::chrono::steady_clock::now(); });

  void write(const Event& event) override;
  // Shows the gateway step, which has no event of its own if a command runs it alone. `keystore` is text for people.
  void begin_activation(std::string_view certificate, std::string_view keystore);
  // Draws the current step, if any.
  void draw();
  // Removes the line.
  void end();

 private:
  struct Step {
    std::string certificate;
    std::string what;
    SteadyTime began;
    std::optional<std::chrono::seconds> limit;
  };
  void begin(std::string_view certificate, std::string what, std::chrono::seconds StepLimits::* limit = nullptr);
  void update_step(const Event& event);
  void erase();
  std::string line() const;

  std::shared_ptr<EventSink> output_;
  std::ostream& terminal_;
  std::size_t width_;
  std::map<std::string, StepLimits> limits_;
  std::function<SteadyTime()> now_;
  std::optional<Step> step_;
};

}  // namespace renewd::commands
