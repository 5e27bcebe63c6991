#include "renewal/renewal.hpp"

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"
#include "unit/renewal/world.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace renewd::testing;
using namespace std::chrono_literals;

TEST_CASE("a renewal is carried through to a verified gateway") {
  World world;
  const auto completed = world.run();
  REQUIRE(completed);
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK(read_file(world.directory / "state/production/generations/1") == keystores().installed);
  CHECK(world.state() == std::vector<std::string>{"generations", "generations.json", "history.jsonl", "in-use", "lock",
                                                  "requests.json"});
  CHECK(world.cloud.last_url == "https://cloud.example/management/accounts/account/certificate/renewcert");
  CHECK(world.gateway.activations == 1);
  CHECK(world.gateway.verifications == 1);
  CHECK(world.events() ==
        "renewal_requested renewal_answered keystore_installed gateway_activated gateway_verified renewal_completed");
  CHECK(world.logged.str().find("secret-token") == std::string::npos);
}

TEST_CASE("keeps a newer keystore that was installed during the request") {
  World world;
  world.cloud.on_request = [&] { write_file(world.keystore, keystores().newest); };
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().reason == RejectionReason::not_later);
  CHECK(read_file(world.keystore) == keystores().newest);
  CHECK(world.gateway.activations == 0);
}

TEST_CASE("a refused answer leaves the keystore unchanged and is stored for inspection") {
  World world;
  world.cloud.response->body = "This is not a keystore.";
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().reason == RejectionReason::not_base64);
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK(world.gateway.activations == 0);
  REQUIRE(world.state().size() == 3);
  CHECK(world.state()[1] == "lock");
  CHECK_THAT(world.state().front(), ContainsSubstring("answer-rejected-"));
  CHECK(read_file(world.directory / "state/production" / world.state().front()) == "This is not a keystore.");
  CHECK(world.events() == "renewal_requested renewal_answered renewal_rejected");
}

TEST_CASE("an answer that is not valid yet is kept and installed once it is, without another request") {
  World world;
  world.clock.time = std::chrono::system_clock::now() - 1h;  // a clock that is behind
  const auto early = world.run();
  REQUIRE_FALSE(early);
  CHECK(early.error().reason == RejectionReason::not_yet_valid);
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK(read_file(world.directory / "state/production/answer") == world.cloud.response->body);
  for (int i = 0; i < 3; ++i) {
    REQUIRE_FALSE(world.run());  // however often it is judged meanwhile
  }
  world.clock.time.reset();
  REQUIRE(world.run());
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK(world.cloud.requests == 1);
}

TEST_CASE("an answer that is still not valid after a week is set aside, and another one is requested") {
  World world;
  const TimePoint behind = std::chrono::system_clock::now() - std::chrono::days(9);
  world.clock.time = behind;
  REQUIRE_FALSE(world.run());
  world.clock.time = behind + std::chrono::days(7) - 1min;
  REQUIRE_FALSE(world.run());
  CHECK(world.cloud.requests == 1);
  world.clock.time = behind + std::chrono::days(7) + 1min;
  REQUIRE_FALSE(world.run());
  CHECK_FALSE(std::filesystem::exists(world.directory / "state/production/answer"));
  REQUIRE_FALSE(world.run());
  CHECK(world.cloud.requests == 2);
}

TEST_CASE("an answer that has expired by a clock ahead of the cloud's is kept until the clock is right") {
  World world;
  std::string date = run_or_throw({"date", "-u", "+%a, %d %b %Y %H:%M:%S GMT"}, {.environment = {{"LC_ALL", "C"}}});
  date.pop_back();  // the line break
  world.cloud.response->headers = {{"date", date}};
  world.clock.time = std::chrono::system_clock::now() + std::chrono::days(500);
  const auto late = world.run();
  REQUIRE_FALSE(late);
  CHECK(late.error().reason == RejectionReason::expired);
  world.clock.time.reset();
  REQUIRE(world.run());
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK(world.cloud.requests == 1);
}

TEST_CASE("an answer is stored even if it cannot be parsed") {
  World world;
  // The keystore vanishes while the cloud answers: neither judged nor installed, but not lost either.
  world.cloud.on_request = [&] { std::filesystem::remove(world.keystore); };
  REQUIRE_FALSE(world.run());
  CHECK(read_file(world.directory / "state/production/answer") == world.cloud.response->body);
}

TEST_CASE("a token that cannot be read or sent is reported, and nothing is requested") {
  World world;
  SECTION("missing") {
    std::filesystem::remove(world.directory / "token");
  }
  SECTION("a whole header") {
    write_file(world.directory / "token", "Bearer abc\n");
  }
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
  CHECK(world.state() == std::vector<std::string>{"lock", "requests.json"});
}

TEST_CASE("a gateway that does not restart is a failure of class gateway, and the new keystore stays") {
  World world;
  world.settings.gateway.rollback = false;
  world.gateway.activation = failure(ErrorKind::gateway, "unit is masked");
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().kind == ErrorKind::gateway);
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK_THAT(world.events(), ContainsSubstring("keystore_installed gateway_activation_failed"));
}

TEST_CASE("a gateway that restarts unhealthy is a failure of class gateway") {
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
  const auto installed = world.installed();
  REQUIRE_FALSE(installed);
  CHECK_THAT(installed.error().message, ContainsSubstring("PKCS#12") && ContainsSubstring("keystore.type"));
  world.settings.keystore.type = configuration::KeystoreType::jks;
  CHECK(world.installed());
}

TEST_CASE("a wrong password, a missing password and a missing keystore have different messages") {
  World world;
  world.settings.keystore.password->value = Secret("wrong");
  CHECK_THAT(world.installed().error().message,
             ContainsSubstring("password") && ContainsSubstring(world.keystore.string()));
  world.settings.keystore.password =
      SecretSource{.kind = SecretSource::Kind::file, .name = (world.directory / "none").string(), .value = {}};
  CHECK_THAT(world.installed().error().message, ContainsSubstring("its password") && ContainsSubstring("No such file"));
  world.settings.keystore.password.reset();
  std::filesystem::remove(world.keystore);
  CHECK_THAT(world.installed().error().message, ContainsSubstring("No such file"));
}

namespace {

// What openssl makes of a PKCS#12 keystore of make_keystore().
std::string exported(const std::string& keystore, std::vector<std::string> arguments) {
  const TemporaryDirectory directory;
  write_file(directory / "p12", keystore);
  std::vector<std::string> command{"openssl", "pkcs12",       "-in", (directory / "p12").string(),
                                   "-passin", "pass:changeit"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_or_throw(command);
}

std::string bare_certificate(const std::string& keystore) {
  return exported(keystore, {"-nokeys"});
}

std::string packed_again(const std::string& keystore) {
  const TemporaryDirectory directory;
  write_file(directory / "pem", exported(keystore, {"-nodes"}));
  run_or_throw({"openssl", "pkcs12", "-export", "-in", (directory / "pem").string(), "-name", "another", "-passout",
                "pass:changeit", "-out", (directory / "p12").string()});
  return read_file(directory / "p12");
}

void check_returned_certificate_is_refused(World& world, const std::string& sentence) {
  const std::string before = read_file(world.keystore);
  const int activations = world.gateway.activations;
  for (const auto work : {&Renewal::run, &Renewal::run}) {
    const auto completed = world.run(work);
    REQUIRE_FALSE(completed);
    CHECK(completed.error().kind == ErrorKind::bad_answer);
    CHECK(completed.error().reason == RejectionReason::not_later);
    CHECK_THAT(completed.error().message, ContainsSubstring(sentence));
  }
  const auto obtained = world.obtain();
  REQUIRE_FALSE(obtained);
  CHECK(obtained.error().reason == RejectionReason::not_later);
  CHECK(read_file(world.keystore) == before);
  CHECK(world.gateway.activations == activations);
  CHECK_FALSE(std::filesystem::exists(world.directory / "state/production/journal"));
  CHECK_FALSE(std::filesystem::exists(world.directory / "state/production/answer"));
}

}  // namespace

TEST_CASE("a cloud that returns the installed certificate has renewed nothing, however it is wrapped") {
  const std::string& installed = keystores().installed;
  World world;
  SECTION("the keystore as it is") {
    world.cloud.response->body = base64(installed);
  }
  SECTION("packed again") {
    world.cloud.response->body = base64(packed_again(installed));
  }
  SECTION("the certificate alone") {
    world.cloud.response->body = bare_certificate(installed);
  }
  SECTION("the certificate alone, DER") {
    world.cloud.response->body = base64(run_or_throw({"openssl", "x509", "-outform", "DER"},
                                                     {.environment = {}, .input = bare_certificate(installed)}));
  }
  SECTION("with a PEM keystore installed") {
    write_file(world.keystore, exported(installed, {"-nodes"}));
    world.cloud.response->body = base64(installed);
  }
  check_returned_certificate_is_refused(world, "the cloud returned the certificate that is already installed");
  CHECK_THAT(world.events(), !ContainsSubstring("keystore_installed"));
}

TEST_CASE("a cloud that returns a previous certificate has renewed nothing, even if that one is valid for longer") {
  World world;
  SECTION("before the installed one") {
    REQUIRE(world.run());
    world.cloud.response->body = base64(keystores().installed);
  }
  SECTION("given up by hand") {
    REQUIRE(world.run());
    REQUIRE(world.restore());
  }
  SECTION("of which no details are stored") {
    REQUIRE(world.run());
    REQUIRE(world.restore());
    std::filesystem::remove(world.directory / "state/production/generations.json");
  }
  check_returned_certificate_is_refused(world, "was installed before (generation ");
}

TEST_CASE("after a crash, the keystore installed from the stored answer is used, not refused") {
  World world;
  const auto state = world.directory / "state/production";
  REQUIRE(world.run());
  world.cloud.response->body = base64(keystores().newest);
  world.gateway.activation = failure(ErrorKind::gateway, "the gateway does not start");
  world.settings.gateway.rollback = false;
  REQUIRE_FALSE(world.run());
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  state::Journal journal(world.filesystem, {world.directory / "state", "production"});
  SECTION("the journal does not say so yet") {
    auto entry = journal.peek().value();
    entry.phase = state::Phase::accepted;
    REQUIRE(journal.write(entry));
  }
  SECTION("the journal is damaged") {
    write_file(state / "journal", "damaged");
  }
  const int activations = world.gateway.activations;
  REQUIRE(world.run());
  CHECK(world.gateway.activations == activations + 1);
  CHECK(world.cloud.requests == 2);
  CHECK(read_file(world.keystore) == keystores().newest);
}

TEST_CASE("after a lost journal, the first renewal's keystore is used, not refused") {
  World world;
  const auto state = world.directory / "state/production";
  world.gateway.activation = failure(ErrorKind::gateway, "the gateway does not start");
  world.settings.gateway.rollback = false;
  REQUIRE_FALSE(world.run());
  REQUIRE(read_file(world.keystore) == keystores().renewed);
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  state::Journal journal(world.filesystem, {world.directory / "state", "production"});
  SECTION("damaged") {
    write_file(state / "journal", "damaged");
  }
  SECTION("missing") {
    std::filesystem::remove(state / "journal");
  }
  SECTION("older") {
    state::JournalEntry before;
    before.phase = GENERATE(state::Phase::requested, state::Phase::answered);
    before.reached[before.phase] = std::chrono::sys_seconds(std::chrono::seconds(1));
    REQUIRE(journal.write(before));
  }
  const int activations = world.gateway.activations;
  const auto completed = world.run();
  REQUIRE(completed);
  CHECK(completed->renewed);
  CHECK(world.gateway.activations == activations + 1);
  CHECK(world.cloud.requests == 1);
  CHECK(read_file(world.keystore) == keystores().renewed);
  // From now on it counts as any other keystore.
  check_returned_certificate_is_refused(world, "the cloud returned the certificate that is already installed");
}

TEST_CASE("a gateway that cannot be activated is noticed before a certificate is requested") {
  World world;
  world.gateway.possible = failure(ErrorKind::gateway, "fake.service does not exist on this host");
  const auto refused = world.run();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::gateway);
  CHECK(world.cloud.requests == 0);
  CHECK(world.gateway.activations == 0);
  CHECK(read_file(world.keystore) == keystores().installed);
  world.gateway.possible = std::string("may");
  CHECK(world.run());
  CHECK(world.gateway.activations == 1);
}

TEST_CASE("a gateway that can no longer be activated is noticed before a stored answer is installed") {
  World world;
  REQUIRE(world.obtain());
  world.gateway.possible = failure(ErrorKind::gateway, "not permitted");
  const auto refused = world.run();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::gateway);
  CHECK(read_file(world.keystore) == keystores().installed);
  world.gateway.possible = std::string("may");
  CHECK(world.run());
  CHECK(world.cloud.requests == 1);
  CHECK(world.gateway.activations == 1);
}

TEST_CASE("a gateway that cannot be activated prevents no renewal whose keystore would stay installed") {
  World world;
  world.gateway.possible = failure(ErrorKind::gateway, "fake.service does not exist on this host");
  SECTION("in place of an expired one") {
    world.clock.time = world.open(keystores().installed)->keystore.certificate.not_after();
  }
  SECTION("since nothing is rolled back") {
    world.settings.gateway.rollback = false;
  }
  (void)world.run();
  CHECK(world.cloud.requests == 1);
  CHECK(read_file(world.keystore) == keystores().renewed);
}

TEST_CASE("a system bus that cannot be asked does not prevent a renewal") {
  World world;
  world.gateway.possible = failure(ErrorKind::disk, "no reply in time");
  CHECK(world.run());
}

TEST_CASE("the renewed keystore is kept when the gateway uses it") {
  World world;
  REQUIRE(world.run());
  CHECK(read_file(world.directory / "state/production/generations/2") == keystores().renewed);
}
