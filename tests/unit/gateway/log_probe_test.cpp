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
  // The restart appends these lines to a log with older ones.
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
    return verified ? *verified : verified.error().message;
  }

  renewd::testing::TemporaryDirectory directory;
  std::filesystem::path log = directory / "gateway.log";
  configuration::GatewaySettings settings;
};

}  // namespace

TEST_CASE("a gateway is healthy when its log matches `ready` after the restart") {
  Logged logged("starting\\nis ready\\n", "is ready", "has failed");
  CHECK_THAT(logged.verify(), ContainsSubstring(logged.log.string()) && EndsWith("is ready"));
}

TEST_CASE("a gateway whose log matches `failed` is given up at once") {
  Logged logged("has failed\\nstarting\\n", std::nullopt, "has failed");
  logged.settings.verify_timeout = 1h;
  CHECK_THAT(logged.verify(), StartsWith("verifying the gateway: " + logged.log.string()) && EndsWith("has failed"));
}

TEST_CASE("log lines before the restart do not count") {
  Logged logged("starting\\n", "is ready", "has failed");
  CHECK_THAT(logged.verify(), ContainsSubstring("1 s: " + logged.log.string()));
}

TEST_CASE("with `failed` alone, the log is checked for the grace time") {
  Logged logged("", std::nullopt, "has failed");
  CHECK_THAT(logged.verify(), ContainsSubstring(logged.log.string()) && ContainsSubstring("has failed"));
}

TEST_CASE("a failure that is logged after the first check counts") {
  Logged logged("", std::nullopt, "has failed");
  GatewayUnderTest gateway(logged.settings);
  REQUIRE(gateway.activate());
  // The first check runs between the two handlers.
  boost::asio::post(gateway.loop.io, [&] {
    boost::asio::post(gateway.loop.io, [&] { std::ofstream(logged.log, std::ios::app) << "has failed\n"; });
  });
  CHECK_FALSE(gateway.verify());
}

TEST_CASE("an unreadable log ends the verification at once, and the rehearsal reports it") {
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

TEST_CASE("a rehearsal reports every problem") {
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

TEST_CASE("a host without a journal is reported") {
  if (std::filesystem::exists("/run/systemd/system")) {
    return;  // this host has a journal; tests/system covers that
  }
  Logged logged("", "is ready", std::nullopt);
  logged.settings.log_probe->target = std::string("gateway.service");
  CHECK_THAT(logged.verify(), ContainsSubstring("gateway.service") && ContainsSubstring("systemd-journald"));
}
