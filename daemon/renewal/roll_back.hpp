// Installing the previous keystore again: because the gateway does not run with the new one, or by hand.
#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "renewal/context.hpp"
#include "renewal/gateway_steps.hpp"

namespace renewd::renewal {

class RollBack {
 public:
  // `work` and `steps` must outlive this object.
  RollBack(Workspace& work, GatewaySteps& steps) : work_(work), steps_(steps) {}

  // The previous keystore, if it is to be restored and has not expired.
  std::optional<InstalledKeystore> previous(const Record& record);
  // Whether the stored keystore is valid for longer than the one that it replaces.
  bool goes_forward(const Record& record, const InstalledKeystore& stored);

  // The gateway does not run with the new keystore. The answer stays for another attempt. Returns the cause and the
  // outcome.
  boost::asio::awaitable<Error> run(Record record, InstalledKeystore previous, Error cause);
  // Installs the generation that an operator chose, also after a crash in the middle of it. `given_up` are the bytes
  // that it may replace besides those of this renewal.
  boost::asio::awaitable<Result<Completed>> restore_chosen(Record record, InstalledKeystore chosen,
                                                           std::optional<std::string> given_up);

 private:
  Result<std::string> replaceable(const Record& record, const InstalledKeystore& previous,
                                  const std::optional<std::string>& given_up);
  boost::asio::awaitable<GatewayStep> put_back(Record record, InstalledKeystore previous,
                                               std::optional<std::string> given_up);
  Result<void> close(const Record& record, Fields& fields);

  Workspace& work_;
  GatewaySteps& steps_;
};

}  // namespace renewd::renewal
