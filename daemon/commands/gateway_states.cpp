#include "commands/gateway_states.hpp"

#include <chrono>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "core/secret.hpp"
#include "gateway/gateway.hpp"

namespace renewd::commands {
namespace {

namespace asio = boost::asio;
using configuration::CertificateSettings;
using gateway::Examination;

// For all gateways together. systemd replies within milliseconds.
constexpr std::chrono::seconds kLongest{5};
constexpr std::chrono::seconds kLongestWithHealthChecks{20};
constexpr std::chrono::seconds kHealthTimeout{5};

// Not with a password that only the service can read.
std::optional<std::chrono::milliseconds> health_timeout(const CertificateSettings& certificate) {
  const auto& check = certificate.gateway.http_probe;
  const bool may_ask = check && !(check->password && is_out_of_sight(*check->password));
  return may_ask ? std::optional<std::chrono::milliseconds>(kHealthTimeout) : std::nullopt;
}

std::unique_ptr<gateway::Gateway> gateway_of(const asio::any_io_executor& executor,
                                             const CertificateSettings& certificate,
                                             const configuration::HttpSettings& http) {
  std::vector<NamedSecret> secrets;
  for_each_secret(certificate, [&secrets](const SecretSource& secret, std::string_view name) {
    secrets.push_back({std::string(name), secret});
  });
  return gateway::make_gateway(executor, certificate.gateway, http, {}, secrets);
}

asio::awaitable<void> ask_units(const std::vector<CertificateSettings>& certificates, std::vector<Examination>& found) {
  const auto executor = co_await asio::this_coro::executor;
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    const auto gateway = gateway_of(executor, certificates[i], {});
    if (gateway->watched_units().empty()) {
      continue;
    }
    auto state = co_await gateway->state(std::nullopt);
    if (!state) {
      co_return;  // no bus, or no reply: the next question would end like this one
    }
    found[i] = std::move(*state);
  }
}

asio::awaitable<void> examine_all(const std::vector<CertificateSettings>& certificates,
                                  const configuration::HttpSettings& http, std::vector<Examination>& found) {
  const auto executor = co_await asio::this_coro::executor;
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    const auto gateway = gateway_of(executor, certificates[i], http);
    found[i] = co_await gateway::examine(*gateway, health_timeout(certificates[i]), certificates[i].renew);
  }
}

}  // namespace

std::vector<Examination> examine_gateways(const std::vector<CertificateSettings>& certificates,
                                          const configuration::HttpSettings& http, Examiner examiner) {
  const bool is_examiner = examiner == Examiner::command;
  Examination unknown;
  if (is_examiner) {
    unknown.health_check_problem = Problem{"the gateways did not reply in time", "run gravitee-renewd check again"};
  }
  std::vector<Examination> found(certificates.size(), unknown);
  asio::io_context io;
  asio::co_spawn(io, is_examiner ? examine_all(certificates, http, found) : ask_units(certificates, found),
                 [](const std::exception_ptr& thrown) {
                   if (thrown) {
                     std::rethrow_exception(thrown);
                   }
                 });
  io.run_for(is_examiner ? kLongestWithHealthChecks : kLongest);
  return found;
}

}  // namespace renewd::commands
