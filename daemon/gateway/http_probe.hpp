// `gateway.verify.http`: a GET that must be answered with one status. Directly, without the proxy: what it asks is the
// gateway on this host or beside it.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "configuration/settings.hpp"
#include "gateway/probe.hpp"
#include "http/http_client.hpp"

namespace renewd::gateway {

// For one exchange.
inline constexpr std::chrono::milliseconds kHealthTimeout{10'000};

class HttpProbe final : public Probe {
 public:
  HttpProbe(std::unique_ptr<http::HttpClient> client, configuration::HttpProbeSettings settings,
            std::vector<NamedSecret> secrets);

  boost::asio::awaitable<Result<std::unique_ptr<Watch>>> watch(GatewaySnapshot before) override;
  boost::asio::awaitable<Result<std::string>> rehearse() override;

  // Whatever is answered, or not, in time may change while a gateway starts. An error: the password cannot be read.
  boost::asio::awaitable<Result<Watch::Look>> get(std::chrono::milliseconds at_most);

 private:
  Result<http::HttpRequest> request() const;
  Watch::Look judge(const http::HttpResponse& response) const;

  std::unique_ptr<http::HttpClient> client_;
  configuration::HttpProbeSettings settings_;
  std::vector<NamedSecret> secrets_;
};

}  // namespace renewd::gateway
