#include "gateway/log_probe.hpp"

#include <fstream>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "unit/gateway/running.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using gateway::testing::GatewayUnderTest;
using namespace std::chrono_literals;

struct Logged {
  // What a restart writes into the log, after lines from before.
  explicit Logged(const std::string& restart_writes, std::optional<const char*> ready,
                  std::optional<const char*> failed) {
    renewd::testing::write_file(log, "is ready\nhas failed\n");
    settings.action =
        configuration::CommandGateway{{"/bin/sh", "-c", "printf '" + restart_writes + "' >> " + log.string()}};
    settings.verify_timeout = 1s;
    settings.log_probe = configuration::LogProbeSettings{.target = log, .ready = {}, .failed = {}};
    if (ready) {
      settings.log_probe->ready = Pattern::compile(*ready).value();
    }
    if (failed) {
      settings.log_probe->failed = Pattern::compile(*failed).value();
    }
  }

  std::string verify() {
    GatewayUnderTest gateway(settings);
    REQUIRE(gateway.activate());
    const auto verified = gateway.verify();
    CHECK((verified || verified.error().kind == ErrorKind::gateway));
    return verified ? *verified : "failed: " + verified.error().message;
  }

  renewd::testing::TemporaryDirectory directory;
  std::filesystem::path log = directory / "gateway.log";
  configuration::GatewaySettings settings;
};

}  // namespace

TEST_CASE("a gateway is well when its log says so after the restart") {
  Logged logged("starting\\nis ready\\n", "is ready", "has failed");
  CHECK_THAT(logged.verify(), EndsWith(logged.log.string() + " says: is ready"));
}

TEST_CASE("a gateway whose log tells of a failure is given up at once") {
  Logged logged("has failed\\nstarting\\n", std::nullopt, "has failed");
  logged.settings.verify_timeout = 1h;
  CHECK(logged.verify() == "failed: verifying the gateway: " + logged.log.string() + " says: has failed");
}

TEST_CASE("what the log said before the restart is no sign of anything") {
  Logged logged("starting\\n", "is ready", "has failed");
  CHECK(logged.verify() == "failed: verifying the gateway: not well after 1 s: " + logged.log.string() +
                               " has no line yet that matches is ready");
}

TEST_CASE("a log that is good as long as nothing fails is watched for the grace time") {
  Logged logged("", std::nullopt, "has failed");
  CHECK_THAT(logged.verify(), EndsWith(" has no line that matches has failed"));
}

TEST_CASE("a failure that is logged after the first look counts") {
  Logged logged("", std::nullopt, "has failed");
  GatewayUnderTest gateway(logged.settings);
  REQUIRE(gateway.activate());
  // The first look is the handler between the two.
  boost::asio::post(gateway.loop.io, [&] {
    boost::asio::post(gateway.loop.io, [&] { std::ofstream(logged.log, std::ios::app) << "has failed\n"; });
  });
  CHECK_FALSE(gateway.verify());
}

TEST_CASE("a log that cannot be read ends the verification at once, and the rehearsal finds it") {
  Logged logged("", "is ready", std::nullopt);
  logged.settings.verify_timeout = 1h;
  logged.settings.log_probe->target = logged.directory.path();
  CHECK_THAT(logged.verify(), EndsWith("not a regular file"));
  const auto rehearsed = GatewayUnderTest(logged.settings).rehearse();
  REQUIRE_FALSE(rehearsed);
  CHECK_THAT(rehearsed.error().message, EndsWith("not a regular file"));
  logged.settings.log_probe->target = logged.log;
  CHECK_THAT(*GatewayUnderTest(logged.settings).rehearse(), EndsWith("; may read " + logged.log.string()));
}

TEST_CASE("a rehearsal tells everything that is wrong") {
  Logged logged("", "is ready", std::nullopt);
  logged.settings.action = configuration::CommandGateway{{"/nonexistent/restart"}};
  logged.settings.log_probe->target = logged.directory / "none";
  logged.settings.http_probe =
      configuration::HttpProbeSettings{.url = "http://127.0.0.1:1/", .username = {}, .password = {}};
  const auto rehearsed = GatewayUnderTest(logged.settings).rehearse();
  REQUIRE_FALSE(rehearsed);
  CHECK_THAT(rehearsed.error().message, ContainsSubstring("/nonexistent/restart") && ContainsSubstring("127.0.0.1:1") &&
                                            ContainsSubstring("No such file"));
}

TEST_CASE("a host without a journal is told apart from one that is empty") {
  if (std::filesystem::exists("/run/systemd/system")) {
    return;  // this one has a journal; tests/system shows what then is
  }
  Logged logged("", "is ready", std::nullopt);
  logged.settings.log_probe->target = std::string("gateway.service");
  CHECK_THAT(logged.verify(), ContainsSubstring("reading the journal of gateway.service: this host has none"));
}
