#include "gateway/gateway.hpp"

#include <cstdlib>

#include <boost/asio/local/stream_protocol.hpp>

#include "gateway/system_bus.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "unit/gateway/running.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using gateway::testing::Loop;

configuration::GatewaySettings units(std::chrono::seconds timeout) {
  return {.action = configuration::SystemdGateway{{"graviteeio-apim-gateway"}}, .verify_timeout = timeout};
}

}  // namespace

TEST_CASE("without a gateway nothing is confirmed") {
  Loop loop;
  const auto gateway = make_gateway(loop.io.get_executor(), {}, {}, {}, {});
  const auto activation = loop.finish(gateway->activate({}));
  REQUIRE(activation);
  CHECK(activation->use == Use::not_confirmed);
  CHECK(loop.finish(gateway->verify({})));
  CHECK(loop.finish(gateway->rehearse()));
}

TEST_CASE("gateways describe themselves") {
  Loop loop;
  const auto description = [&](configuration::GatewayAction action) {
    return make_gateway(loop.io.get_executor(), {std::move(action)}, {}, {}, {})->description();
  };
  using configuration::CommandGateway;
  using configuration::SignalGateway;
  using configuration::SystemdGateway;
  CHECK(description(SystemdGateway{{"gateway.service", "api"}}) == "try-restart gateway.service api.service");
  CHECK(description(SystemdGateway{{"api"}, SystemdGateway::Action::restart}) == "restart api.service");
  CHECK(description(CommandGateway{{"docker", "restart", "gw\n"}}) == "run docker restart gw");
  CHECK(description(SignalGateway{std::string("gateway"), 15}) == "send SIGTERM to gateway.service");
  CHECK(description(SignalGateway{std::filesystem::path("/run/gw.pid"), 12}) ==
        "send SIGUSR2 to the process of /run/gw.pid");
}

TEST_CASE("a host without systemd is reported, and does not count as the gateway's failure") {
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
  Loop loop;
  const auto gateway = make_gateway(loop.io.get_executor(), units(std::chrono::seconds(5)), {}, {}, {});
  const auto activation = loop.finish(gateway->activate({}));
  REQUIRE_FALSE(activation);
  CHECK(activation.error().kind == ErrorKind::disk);
  CHECK_THAT(activation.error().message, ContainsSubstring("systemd"));
  CHECK(loop.finish(gateway->units()).error().kind == ErrorKind::disk);
  CHECK_THAT(loop.finish(gateway->rehearse()).error().message, ContainsSubstring("system bus"));
  for (const auto renew : {configuration::RenewMode::automatic, configuration::RenewMode::never}) {
    const Examination found = loop.finish(examine(*gateway, std::nullopt, renew));
    CHECK_FALSE(found.state);
    const bool is_renewed = renew == configuration::RenewMode::automatic;
    CHECK(found.activation_problem.has_value() == is_renewed);
    const auto& problem = is_renewed ? found.activation_problem : found.health_check_problem;
    REQUIRE(problem);
    CHECK_THAT(problem->message, ContainsSubstring("system bus"));
    CHECK(problem->advice == kBusAdvice);
  }
  const auto verified = loop.finish(gateway->verify({}));
  REQUIRE_FALSE(verified);
  CHECK(verified.error().kind == ErrorKind::disk);
  CHECK_THAT(verified.error().message, ContainsSubstring("system bus"));
}

TEST_CASE(
    "a system bus that never replies is given up at the deadline, or when cancelled, without blaming the gateway") {
  const renewd::testing::TemporaryDirectory directory;
  const std::string path = (directory / "bus").string();
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + path).c_str(), 1);
  Loop loop;
  // The kernel completes a connection before it is accepted.
  boost::asio::local::stream_protocol::acceptor silent(loop.io, path);
  SECTION("deadline") {
    const auto gateway = make_gateway(loop.io.get_executor(), units(std::chrono::seconds(1)), {}, {}, {});
    const auto activation = loop.finish(gateway->activate({}));
    REQUIRE_FALSE(activation);
    CHECK(activation.error().kind == ErrorKind::disk);
  }
  SECTION("cancelled") {
    const auto gateway = make_gateway(loop.io.get_executor(), units(std::chrono::hours(1)), {}, {}, {});
    silent.async_accept([&](const boost::system::error_code&, boost::asio::local::stream_protocol::socket) {
      loop.stop.emit(boost::asio::cancellation_type::terminal);
    });
    const auto activation = loop.finish(gateway->activate({}));
    REQUIRE_FALSE(activation);
    CHECK(activation.error().kind == ErrorKind::cancelled);
  }
}
