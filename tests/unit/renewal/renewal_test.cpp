#include "renewal/renewal.hpp"

#include <functional>
#include <sstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace renewd::testing;
namespace asio = boost::asio;

namespace {

// Keystores under one password: the longer `days`, the later they expire.
std::string make_keystore(const std::string& days) {
  const TemporaryDirectory directory;
  const auto file = [&](const char* name) { return (directory / name).string(); };
  run_or_throw({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=account", "-days", days,
                "-keyout", file("key"), "-out", file("certificate")});
  run_or_throw({"openssl", "pkcs12", "-export", "-inkey", file("key"), "-in", file("certificate"), "-name",
                "cockpit-client", "-passout", "pass:changeit", "-out", file("p12")});
  return read_file(directory / "p12");
}

std::string base64(const std::string& bytes) {
  return run_or_throw({"openssl", "base64", "-A"}, {.environment = {}, .input = bytes});
}

struct Keystores {
  std::string installed = make_keystore("10");
  std::string renewed = make_keystore("365");
  std::string newest = make_keystore("700");
};

const Keystores& keystores() {
  static const Keystores made;
  return made;
}

class FakeCloud final : public cloud::HttpClient {
 public:
  asio::awaitable<Result<cloud::HttpResponse>> send(cloud::HttpRequest request) override {
    ++requests;
    last_url = request.url;
    on_request();
    co_return response;
  }
  asio::awaitable<Result<void>> rehearse(std::string) override { co_return Result<void>(); }

  Result<cloud::HttpResponse> response = cloud::HttpResponse{.status = 200, .headers = {}, .body = {}};
  std::function<void()> on_request = [] {};
  std::string last_url;
  int requests = 0;
};

class FakeGateway final : public gateway::Gateway {
 public:
  std::string description() const override { return "restart the fake"; }
  asio::awaitable<Result<gateway::Activation>> activate() override {
    ++activations;
    co_return activation;
  }
  asio::awaitable<Result<std::string>> verify() override {
    ++verifications;
    co_return verification;
  }
  asio::awaitable<Result<std::string>> rehearse() override { co_return std::string("may"); }

  Result<gateway::Activation> activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  Result<std::string> verification = std::string("well");
  int activations = 0;
  int verifications = 0;
};

asio::awaitable<void> run_into(Renewal& renewal, std::optional<Result<Completed>>& result) {
  result = co_await renewal.run();
}

struct World {
  World() {
    write_file(keystore, keystores().installed);
    write_file(directory / "token", "secret-token\n");
    settings.name = "production";
    settings.account_url = "https://cloud.example/management/accounts/account";
    settings.token =
        SecretSource{.kind = SecretSource::Kind::file, .name = (directory / "token").string(), .value = {}};
    settings.keystore.path = keystore;
    settings.keystore.password =
        SecretSource{.kind = SecretSource::Kind::value, .name = "", .value = Secret("changeit")};
    cloud.response->body = base64(keystores().renewed);
    logger->set_pattern("%v");
  }

  Result<Completed> run() {
    asio::io_context io;
    std::optional<Result<Completed>> result;
    Renewal renewal({filesystem, cloud, gateway, log, clock}, settings, directory / "state");
    asio::co_spawn(io, run_into(renewal, result), [](std::exception_ptr thrown) {
      if (thrown) {
        std::rethrow_exception(thrown);
      }
    });
    io.run_for(std::chrono::seconds(30));
    REQUIRE(result);
    return std::move(*result);
  }

  // The names of the events so far, in order.
  std::string events() const {
    std::istringstream lines(logged.str());
    std::string names;
    for (std::string line; std::getline(lines, line);) {
      names += (names.empty() ? "" : " ") + std::string(boost::json::parse(line).at("event").as_string());
    }
    return names;
  }
  std::vector<std::string> state() const { return filesystem.list(directory / "state/production").value(); }

  TemporaryDirectory directory;
  std::filesystem::path keystore = directory / "keystore.p12";
  configuration::CertificateSettings settings;
  PosixFilesystem filesystem;
  FakeCloud cloud;
  FakeGateway gateway;
  SystemClock clock;
  std::ostringstream logged;
  std::shared_ptr<spdlog::logger> logger =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(logged));
  EventLog log{logger, LogFormat::json, false, clock};
};

}  // namespace

TEST_CASE("a renewal is carried through to a verified gateway") {
  World world;
  const auto completed = world.run();
  REQUIRE(completed);
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK(read_file(world.directory / "state/production/generations/1") == keystores().installed);
  CHECK(world.state() == std::vector<std::string>{"generations"});
  CHECK(world.cloud.last_url == "https://cloud.example/management/accounts/account/certificate/renewcert");
  CHECK(world.gateway.activations == 1);
  CHECK(world.gateway.verifications == 1);
  CHECK(world.events() ==
        "renewal_requested renewal_answered keystore_installed gateway_activated gateway_verified renewal_completed");
  CHECK(world.logged.str().find("secret-token") == std::string::npos);
}

TEST_CASE("keeps a newer keystore that was put in place while the cloud was thinking") {
  World world;
  world.cloud.on_request = [&] { write_file(world.keystore, keystores().newest); };
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().reason == RejectionReason::not_later);
  CHECK(read_file(world.keystore) == keystores().newest);
  CHECK(world.gateway.activations == 0);
}

TEST_CASE("a refused answer leaves the keystore alone and is kept for inspection") {
  World world;
  world.cloud.response->body = "This is not a keystore.";
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().reason == RejectionReason::not_base64);
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK(world.gateway.activations == 0);
  REQUIRE(world.state().size() == 1);
  CHECK_THAT(world.state().front(), ContainsSubstring("answer-rejected-"));
  CHECK(read_file(world.directory / "state/production" / world.state().front()) == "This is not a keystore.");
  CHECK(world.events() == "renewal_requested renewal_answered renewal_rejected");
}

TEST_CASE("an answer is stored even when nothing can be done with it") {
  World world;
  // The keystore vanishes while the cloud answers: neither judged nor installed, but not lost either.
  world.cloud.on_request = [&] { std::filesystem::remove(world.keystore); };
  REQUIRE_FALSE(world.run());
  CHECK(read_file(world.directory / "state/production/answer") == world.cloud.response->body);
}

TEST_CASE("a token that cannot be read is told, and the cloud is not asked") {
  World world;
  std::filesystem::remove(world.directory / "token");
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().kind == ErrorKind::unauthorized);
  CHECK(world.cloud.requests == 0);
  CHECK(world.events() == "token_unusable");
}

TEST_CASE("a failed request leaves everything as it was") {
  World world;
  world.cloud.response = failure(ErrorKind::connect, "POST …: connection refused");
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().kind == ErrorKind::connect);
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK_FALSE(std::filesystem::exists(world.directory / "state"));
}

TEST_CASE("a gateway that does not restart is a failure of its own: the keystore is new") {
  World world;
  world.gateway.activation = failure(ErrorKind::gateway, "unit is masked");
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().kind == ErrorKind::gateway);
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK_THAT(world.events(), ContainsSubstring("keystore_installed gateway_activation_failed"));
}

TEST_CASE("a gateway that does not come back is a failure of its own") {
  World world;
  world.gateway.verification = failure(ErrorKind::gateway, "the unit has failed");
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().kind == ErrorKind::gateway);
  CHECK_THAT(world.events(), ContainsSubstring("gateway_activated gateway_verification_failed"));
}

TEST_CASE("a gateway that is not running is not verified") {
  World world;
  world.gateway.activation = gateway::Activation{gateway::Use::not_running, "the unit is not running"};
  const auto completed = world.run();
  REQUIRE(completed);
  CHECK(completed->activation.use == gateway::Use::not_running);
  CHECK(world.gateway.verifications == 0);
}

TEST_CASE("a certificate outside keystore.ca_file is refused as untrusted") {
  World world;
  const TemporaryDirectory other;
  run_or_throw({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=another CA", "-keyout",
                (other / "key").string(), "-out", (other / "ca.pem").string()});
  world.settings.keystore.ca_file = other / "ca.pem";
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().reason == RejectionReason::untrusted);
  CHECK(read_file(world.keystore) == keystores().installed);
}

TEST_CASE("a keystore of another type than configured is not touched") {
  World world;
  world.settings.keystore.type = configuration::KeystoreType::pem;
  const auto installed = read_installed(world.filesystem, world.settings.keystore);
  REQUIRE_FALSE(installed);
  CHECK_THAT(installed.error().message, ContainsSubstring("PKCS#12") && ContainsSubstring("keystore.type"));
  world.settings.keystore.type = configuration::KeystoreType::jks;
  CHECK(read_installed(world.filesystem, world.settings.keystore));
}

TEST_CASE("a wrong password, a missing password and a missing keystore are told apart") {
  World world;
  world.settings.keystore.password->value = Secret("wrong");
  CHECK_THAT(read_installed(world.filesystem, world.settings.keystore).error().message,
             ContainsSubstring("password") && ContainsSubstring(world.keystore.string()));
  world.settings.keystore.password =
      SecretSource{.kind = SecretSource::Kind::file, .name = (world.directory / "none").string(), .value = {}};
  CHECK_THAT(read_installed(world.filesystem, world.settings.keystore).error().message,
             ContainsSubstring("its password") && ContainsSubstring("No such file"));
  world.settings.keystore.password.reset();
  std::filesystem::remove(world.keystore);
  CHECK_THAT(read_installed(world.filesystem, world.settings.keystore).error().message,
             ContainsSubstring("No such file"));
}
