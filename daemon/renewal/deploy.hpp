// The second stage of a renewal: replace the keystore, activate and verify the gateway, and roll back if that fails.
// carry_on() performs the actions of transitions.hpp; each phase is in the journal before the next begins, so that a
// renewal is resumed where a crash or a failure left it.
#pragma once

#include <chrono>
#include <optional>

#include <boost/asio/awaitable.hpp>

#include "renewal/context.hpp"
#include "renewal/gate.hpp"
#include "renewal/gateway_steps.hpp"
#include "renewal/roll_back.hpp"
#include "renewal/transitions.hpp"

namespace renewd::renewal {

// How long both stages of a renewal take at most, apart from opening keystores: each part has its own deadline. An
// unhealthy gateway that an earlier process activated is activated again, and a roll-back takes the same time again.
std::chrono::seconds longest_renewal(const configuration::GatewaySettings& gateway,
                                     const configuration::HttpSettings& http);

class Deploy {
 public:
  // `work` and `gate` must outlive this object.
  Deploy(Workspace& work, Gate& gate) : work_(work), gate_(gate) {}

  // Deploys what load_unfinished() found. Without `judged` the renewal was begun by an earlier run: it is logged as
  // resumed, and interruptions are counted. Errors as those of carry_on().
  boost::asio::awaitable<Result<Completed>> run(std::optional<Record> record, std::optional<Judged> judged);
  // On an error the journal says how far the renewal has come, and the next run resumes there. The keystore is then
  // untouched, restored, or the new one, which the gateway may not use yet. Logs each step; the caller logs the
  // error. Error kind busy: the keystore was replaced externally, or nothing is left to deploy.
  boost::asio::awaitable<Result<Completed>> carry_on(std::optional<Record> record,
                                                     std::optional<Judged> judged = std::nullopt);

  GatewaySteps& steps() { return steps_; }
  RollBack& roll_back() { return roll_back_; }

 private:
  struct Seen {
    Facts facts;
    std::optional<InstalledKeystore> previous;  // what a roll-back would install
  };
  Seen look(const std::optional<Record>& record, const Result<gateway::Activation>& outcome, bool activated_here);
  boost::asio::awaitable<Result<Record>> count_interruption(Record record);
  Error yield(Record record, const Result<gateway::Activation>& outcome);
  Error retry_later(const Record& record, Error cause);
  Result<Completed> finish(const Record& record, gateway::Activation activation);

  Workspace& work_;
  Gate& gate_;
  GatewaySteps steps_{work_};
  RollBack roll_back_{work_, steps_};
};

}  // namespace renewd::renewal
