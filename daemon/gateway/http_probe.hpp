// `gateway.verify.http`: a GET whose response must have the expected status. Never through the proxy: the gateway runs
// on this host or near it.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "configuration/settings.hpp"
#include "gateway/probe.hpp"
#include "http/http_client.hpp"

namespace renewd::gateway {

// For one request.
inline constexpr std::chrono::milliseconds kHealthTimeout{10'000};

class HttpProbe final : public Probe {
 public:
  HttpProbe(std::unique_ptr<http::HttpClient> client, configuration::HttpProbeSettings settings,
            std::vector<NamedSecret> secrets);

  boost::asio::awaitable<Result<std::unique_ptr<ProbeSession>>> begin(GatewaySnapshot before) override;
  boost::asio::awaitable<Result<std::string>> rehearse() override;

  // not_yet or inconclusive for any failed request: the gateway may be starting. An error only if the password cannot
  // be read. Error kinds: gateway, cancelled.
  boost::asio::awaitable<Result<CheckResult>> get(std::chrono::milliseconds timeout);

 private:
  Result<http::HttpRequest> request() const;
  static CheckResult failed(Error error);
  CheckResult judge(const http::HttpResponse& response) const;

  std::unique_ptr<http::HttpClient> client_;
  configuration::HttpProbeSettings settings_;
  std::vector<NamedSecret> secrets_;
};

}  // namespace renewd::gateway
