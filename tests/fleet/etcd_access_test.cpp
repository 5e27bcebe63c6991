// Who may use a real etcd: passwords, tokens, roles and client certificates.
#include "fleet/store_fixture.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

EtcdOptions alone() {
  EtcdOptions options;
  options.members = 1;
  return options;
}

}  // namespace

TEST_CASE("etcd: a wrong password is refused once, and not sent again until it changes") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture(alone());
  const TemporaryDirectory directory;
  const auto file = directory / "password";
  write_file(file, "wrong\n");
  fixture.settings.password = SecretSource{SecretSource::Kind::file, file.string(), Secret()};
  const auto refused = fixture.read();
  REQUIRE(outcome_of(refused) == "auth");
  CHECK_THAT(refused.error().message, ContainsSubstring("authentication failed"));
  CHECK_THAT(refused.error().advice, ContainsSubstring("fleet.etcd.password"));
  const auto again = fixture.read();
  REQUIRE(outcome_of(again) == "auth");
  CHECK_THAT(again.error().message, ContainsSubstring("asked again"));
  write_file(file, fixture.cluster.password() + "\n");
  CHECK(outcome_of(fixture.read()) == "ok");
}

TEST_CASE("etcd: authenticates again when the token is not known any more") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture(alone());
  const TemporaryDirectory directory;
  const auto file = directory / "password";
  write_file(file, fixture.cluster.password());
  fixture.settings.password = SecretSource{SecretSource::Kind::file, file.string(), Secret()};
  const auto put = fixture.put("renewal", "one", 0);
  REQUIRE(outcome_of(put) == "ok");
  SECTION("the member has restarted, and forgotten it") {
    fixture.cluster.kill(0);
    fixture.cluster.start(0);
  }
  SECTION("the password was changed") {
    fixture.cluster.set_password("another");
    write_file(file, "another");
  }
  // Before anything was received, so that a transaction may be repeated.
  const auto again = fixture.put("renewal", "two", put->revision);
  REQUIRE(outcome_of(again) == "ok");
  CHECK(again->succeeded);
  CHECK(fixture.store().failures().empty());
}

TEST_CASE("etcd: authentication may be switched off, and on again") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture(alone());
  REQUIRE(outcome_of(fixture.read()) == "ok");
  fixture.cluster.enable_authentication(false);
  CHECK(outcome_of(fixture.read()) == "ok");
  CHECK(outcome_of(fixture.put("renewal", "one", 0)) == "ok");
  fixture.cluster.enable_authentication(true);
  CHECK(outcome_of(fixture.read()) == "ok");
}

TEST_CASE("etcd: without a user, an etcd that needs one is an error about authentication") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture(alone());
  fixture.settings.username.reset();
  fixture.settings.password.reset();
  CHECK(outcome_of(fixture.read()) == "auth");
}

TEST_CASE("etcd: http:// for an etcd with TLS is an error that says so") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture(alone());
  auto& endpoint = fixture.settings.endpoints.front();
  endpoint = "http" + endpoint.substr(std::string("https").size());
  const auto refused = fixture.read();
  REQUIRE(outcome_of(refused) != "ok");
  CHECK_THAT(refused.error().advice, ContainsSubstring("write https://"));
}

TEST_CASE("etcd: https:// for an etcd without TLS is an error that says so") {
  SKIP_WITHOUT_ETCD();
  EtcdOptions options = alone();
  options.tls = false;
  options.authentication = false;
  StoreFixture fixture(options);
  REQUIRE(outcome_of(fixture.read()) == "ok");
  fixture.forget_store();
  auto& endpoint = fixture.settings.endpoints.front();
  endpoint = "https" + endpoint.substr(std::string("http").size());
  const auto refused = fixture.read();
  REQUIRE(outcome_of(refused) == "tls");
  CHECK_THAT(refused.error().advice, ContainsSubstring("Certificates of etcd"));
}

TEST_CASE("etcd: a role that does not include the prefix is an error about permission") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture(alone());
  CHECK(outcome_of(fixture.read("/other/")) == "permission");
  const auto read = fixture.read();
  REQUIRE(outcome_of(read) == "ok");
  fixture.cluster.grant(false);
  const auto refused = fixture.read();
  REQUIRE(outcome_of(refused) == "permission");
  CHECK_THAT(refused.error().advice, ContainsSubstring("fleet.etcd.prefix"));
  CHECK(outcome_of(fixture.put("renewal", "one", 0)) == "permission");
  // Told in the stream, which stays open.
  WatchBeside watch(fixture, read->revision + 1);
  fixture.run_until([&] { return watch.ended().has_value(); });
  CHECK(to_string(watch.ended()->reason) == "permission");
  fixture.cluster.grant(true);
  CHECK(outcome_of(fixture.read()) == "ok");
}

TEST_CASE("etcd: a client certificate needs to have no common name") {
  SKIP_WITHOUT_ETCD();
  EtcdOptions options = alone();
  options.client_certificates = true;
  StoreFixture fixture(options);
  CHECK(outcome_of(fixture.read()) == "tls");
  fixture.forget_store();
  fixture.settings.cert_file = fixture.cluster.client_certificate();
  fixture.settings.key_file = fixture.cluster.client_certificate();
  CHECK(outcome_of(fixture.read()) == "ok");
  fixture.forget_store();
  fixture.settings.cert_file = fixture.cluster.client_certificate_with_name();
  fixture.settings.key_file = fixture.cluster.client_certificate_with_name();
  const auto refused = fixture.read();
  REQUIRE(outcome_of(refused) == "client_cn");
  CHECK_THAT(refused.error().advice, ContainsSubstring("fleet.etcd.cert_file"));
}
