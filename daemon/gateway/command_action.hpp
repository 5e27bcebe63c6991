// Runs the operator's command without a shell. Exit status 0 means that the gateway uses the new keystore.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "gateway/action.hpp"
#include "gateway/child_process.hpp"
#include "gateway/output_lines.hpp"

namespace renewd::gateway {

// Between SIGTERM and SIGKILL for a command that exceeds its timeout.
inline constexpr std::chrono::milliseconds kGrace{5000};

class CommandAction final : public Action {
 public:
  CommandAction(const boost::asio::any_io_executor& executor, configuration::CommandGateway settings, OutputLine output,
                std::vector<NamedSecret> secrets, std::chrono::milliseconds grace = kGrace)
      : executor_(executor),
        settings_(std::move(settings)),
        output_(std::move(output)),
        secrets_(std::move(secrets)),
        grace_(grace) {}

  std::string description() const override;
  boost::asio::awaitable<Result<Activation>> activate(GatewaySnapshot before) override;
  bool acted() const override { return true; }
  boost::asio::awaitable<Result<std::string>> rehearse() override;
  boost::asio::awaitable<Result<CheckResult>> check(GatewaySnapshot before) override;

 private:
  enum class Ending { exited, timed_out, cancelled };

  // Shared by the two coroutines of an activation.
  struct Run {
    std::unique_ptr<ChildProcess> child;
    OutputLines lines;
    Ending ending = Ending::exited;
    bool over = false;
  };

  boost::asio::awaitable<void> read_output(Run& run);
  boost::asio::awaitable<void> wait_for_end(Run& run);
  // Without a wait status the child is still running, even after SIGKILL.
  Result<Activation> outcome(Ending ending, std::optional<int> status, const std::string& last_line) const;

  boost::asio::any_io_executor executor_;
  configuration::CommandGateway settings_;
  OutputLine output_;
  std::vector<NamedSecret> secrets_;
  std::chrono::milliseconds grace_;
};

}  // namespace renewd::gateway
