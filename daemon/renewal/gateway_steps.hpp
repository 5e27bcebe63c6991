// Activating the gateway with the installed keystore, and verifying it.
#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "renewal/context.hpp"

namespace renewd::renewal {

// The record after a step at the gateway, successful or not.
struct GatewayStep {
  Record record;
  Result<gateway::Activation> outcome;
};

// How the gateway was before the record's last activation.
gateway::GatewaySnapshot snapshot_of(const Record& record);

// Whether the gateway could be activated: what makes this impossible must stop a renewal before it requests a
// certificate, and before it replaces a keystore. A system bus that cannot be asked is no reason, nor is a gateway with
// an expired certificate or without roll-back, where the new keystore would stay installed. Error kind: gateway.
boost::asio::awaitable<Result<void>> check_gateway(Workspace& work);

class GatewaySteps {
 public:
  // `work` must outlive this object.
  explicit GatewaySteps(Workspace& work) : work_(work) {}

  // From `installed` to `activated`, or to `verified` where no gateway runs.
  boost::asio::awaitable<GatewayStep> activate_new(Record record);
  // From `activated` to `verified`.
  boost::asio::awaitable<GatewayStep> verify_new(Record record, gateway::Activation activation);
  // Both in any phase, which stays. `keystore` is "old", "newer" or "installed", as events name it. The certificate,
  // which is installed, is recorded as in use if the gateway has started with it.
  boost::asio::awaitable<GatewayStep> activate_and_verify(Record record, std::string keystore,
                                                          certificate::Certificate certificate);

  // The runs of the gateway's units, if they differ from those noted for the verification. Nothing if they are the
  // same, or unknown.
  boost::asio::awaitable<std::optional<Invocations>> other_runs(Record record);

  // Whether anything was done to the gateway since forget_touched().
  bool touched() const { return touched_; }
  void forget_touched() { touched_ = false; }

 private:
  boost::asio::awaitable<GatewayStep> activate(Record record, std::string keystore);
  boost::asio::awaitable<Result<Record>> note_gateway(Record record);
  boost::asio::awaitable<Result<gateway::Activation>> act(gateway::GatewaySnapshot before, std::string keystore);
  boost::asio::awaitable<Result<gateway::Activation>> verify(gateway::GatewaySnapshot before,
                                                             gateway::Activation activation, std::string keystore);
  Record end_activation(Record record);
  Error activation_failed(Error error, const std::string& keystore) const;

  Workspace& work_;
  bool touched_ = false;
};

}  // namespace renewd::renewal
