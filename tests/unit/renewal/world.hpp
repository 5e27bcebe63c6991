// A host with one certificate, a cloud and a gateway that do as the test says.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include "keystore/file_store.hpp"
#include "renewal/renewal.hpp"
#include "source/cloud_source.hpp"
#include "state/history.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::testing {

namespace asio = boost::asio;

// Keystores under one password: the longer `days`, the later they expire.
inline std::string make_keystore(const std::string& days) {
  const TemporaryDirectory directory;
  const auto file = [&](const char* name) { return (directory / name).string(); };
  run_or_throw({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=account", "-days", days, "-keyout", file("key"), "-out", file("certificate")});
  run_or_throw({"openssl", "pkcs12", "-export", "-inkey", file("key"), "-in", file("certificate"), "-name",
                "cockpit-client", "-passout", "pass:changeit", "-out", file("p12")});
  return read_file(directory / "p12");
}

inline std::string base64(const std::string& bytes) {
  return run_or_throw({"openssl", "base64", "-A"}, {.environment = {}, .input = bytes});
}

inline const unsigned kRequestsPerDay = configuration::ScheduleSettings().requests_per_day;

struct Keystores {
  std::string installed = make_keystore("10");
  std::string renewed = make_keystore("365");
  std::string newest = make_keystore("700");
};

inline const Keystores& keystores() {
  static const Keystores made;
  return made;
}

class FakeCloud final : public http::HttpClient {
 public:
  asio::awaitable<Result<http::HttpResponse>> send(http::HttpRequest request) override {
    on_connected();
    if (request.before_sending) {
      auto allowed = co_await request.before_sending();
      if (!allowed) {
        co_return tl::unexpected(std::move(allowed.error()));
      }
    }
    ++requests;
    last_url = request.url;
    on_request();
    co_return response;
  }
  asio::awaitable<Result<void>> rehearse(std::string) override { co_return Result<void>(); }

  Result<http::HttpResponse> response = http::HttpResponse{.status = 200, .headers = {}, .body = {}};
  std::function<void()> on_connected = [] {};
  std::function<void()> on_request = [] {};
  std::string last_url;
  int requests = 0;
};

class FakeGateway final : public gateway::Gateway {
 public:
  std::string description() const override { return "restart the fake"; }
  bool has_probes() const override { return false; }
  asio::awaitable<Result<gateway::Units>> units() override {
    if (unanswered) {
      co_return failure(ErrorKind::disk, "connecting to the system bus: Connection refused");
    }
    co_return now;
  }
  asio::awaitable<Result<gateway::Examination>> state(std::optional<std::chrono::milliseconds>) override {
    if (unanswered) {
      co_return failure(ErrorKind::disk, "connecting to the system bus: Connection refused");
    }
    co_return gateway::Examination{.state = condition, .health_check_problem = health_check_problem};
  }
  std::vector<std::string> watched_units() const override { return {}; }
  asio::awaitable<Result<std::string>> check_activation() override {
    on_check();
    co_await asio::post(asio::use_awaitable);  // the event loop goes on meanwhile
    co_return possible;
  }
  std::string log_position() const override { return log_end; }
  asio::awaitable<Result<gateway::Activation>> activate(gateway::GatewaySnapshot before) override {
    ++activations;
    last_before = std::move(before);
    on_activate();
    co_return activation;
  }
  bool acted() const override { return acts; }
  asio::awaitable<Result<gateway::Activation>> verify(gateway::GatewaySnapshot before) override {
    ++verifications;
    last_before = std::move(before);
    on_verify();
    const auto use = stopped ? gateway::Use::not_running : gateway::Use::in_use;
    co_return verification.map([use](const std::string& message) { return gateway::Activation{use, message}; });
  }
  asio::awaitable<Result<std::string>> rehearse() override { co_return std::string("may"); }

  Result<gateway::Activation> activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  Result<std::string> verification = std::string("well");
  Result<std::string> possible = std::string("may");
  std::optional<gateway::GatewayState> condition;
  std::optional<Problem> health_check_problem;
  gateway::Units now{{"fake.service"}, {{"fake.service", "1"}}};
  bool stopped = false;  // on purpose, before it is verified
  bool acts = true;
  bool unanswered = false;
  std::string log_end;
  std::optional<gateway::GatewaySnapshot> last_before;
  std::function<void()> on_check = [] {};
  std::function<void()> on_activate = [] {};
  std::function<void()> on_verify = [] {};
  int activations = 0;
  int verifications = 0;
};

// run(), activate_installed(); obtain()
template <typename Done>
using Work = asio::awaitable<Result<Done>> (renewal::Renewal::*)(std::string holder);

template <typename Done = renewal::Completed>
asio::awaitable<void> run_into(renewal::Renewal& renewal, std::optional<Result<Done>>& result,
                               Work<Done> work = &renewal::Renewal::run) {
  result = co_await (renewal.*work)("test");
}

// A work that takes more than a holder: restore().
template <typename Done>
asio::awaitable<void> finish_into(asio::awaitable<Result<Done>> work, std::optional<Result<Done>>& result) {
  result = co_await std::move(work);
}

class TestClock final : public Clock {
 public:
  TimePoint now() const override {
    on_now();
    return time.value_or(std::chrono::system_clock::now());
  }
  std::function<void()> on_now = [] {};
  std::optional<TimePoint> time;
};

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

  template <typename Done = renewal::Completed>
  Result<Done> run(Work<Done> work = &renewal::Renewal::run) {
    return finish<Done>([work](renewal::Renewal& renewal) { return (renewal.*work)("test"); });
  }
  Result<std::optional<renewal::Judged>> obtain() {
    return run<std::optional<renewal::Judged>>(&renewal::Renewal::obtain);
  }
  // The previous keystore, without a generation.
  Result<renewal::Completed> restore(std::optional<int> generation = std::nullopt) {
    return finish<renewal::Completed>(
        [generation](renewal::Renewal& renewal) { return renewal.restore("test", generation); });
  }
  // The objects that one run works with.
  struct Objects {
    keystore::FileStore keystore;
    source::CloudSource source;
    renewal::RenewalContext context;

    explicit Objects(World& world)
        : keystore(world.used_filesystem(), world.settings.keystore),
          source(world.cloud, world.settings),
          context{world.used_filesystem(), keystore, source, world.gateway, world.log, world.clock} {}
  };
  Result<keystore::InstalledKeystore> installed() { return Objects(*this).keystore.read(); }
  Result<keystore::InstalledKeystore> open(const std::string& bytes) { return Objects(*this).keystore.open(bytes); }
  Result<std::optional<renewal::Record>> unfinished() {
    const Objects objects(*this);
    return renewal::Renewal(objects.context, settings, directory / "state", kRequestsPerDay).unfinished();
  }
  Filesystem& used_filesystem() { return disk == nullptr ? filesystem : *disk; }

  template <typename Done, typename Begin>
  Result<Done> finish(Begin begin) {
    asio::io_context io;
    std::optional<Result<Done>> result;
    const Objects objects(*this);
    renewal::Renewal renewal(objects.context, settings, directory / "state", kRequestsPerDay);
    asio::co_spawn(io, finish_into(begin(renewal), result), [](std::exception_ptr thrown) {
      if (thrown) {
        std::rethrow_exception(thrown);
      }
    });
    io.run_for(std::chrono::seconds(120));
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
  Filesystem* disk = nullptr;  // in its place, if set
  FakeCloud cloud;
  FakeGateway gateway;
  TestClock clock;
  std::ostringstream logged;
  std::shared_ptr<spdlog::logger> logger =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(logged));
  EventLog log{std::make_shared<EventLines>(logger, LogFormat::json, false), clock};
};

inline std::optional<state::CertificateRecord> in_use(World& world) {
  return state::History(world.filesystem, {world.directory / "state", "production"}).in_use();
}

inline void refuse_to_start(World& world) {
  world.gateway.activation = failure(ErrorKind::gateway, "the gateway does not start");
}

// The gateway starts only with the previous keystore.
inline void refuse_the_new_one(World& world) {
  world.gateway.on_activate = [&world] {
    if (read_file(world.keystore) == keystores().installed) {
      world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    } else {
      refuse_to_start(world);
    }
  };
}

}  // namespace renewd::testing
