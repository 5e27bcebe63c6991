// The commands on a host of a fleet, with an etcd that does not answer: what needs it fails by name, and what is meant
// for this host alone works. tests/docs/follow_fleet.py has them with a real etcd.
#include <boost/json.hpp>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

CommandResult command(const Host& host, const std::vector<std::string>& words) {
  std::vector<std::string> argv{RENEWD_BINARY, "--config", host.configuration().string()};
  argv.insert(argv.end(), words.begin(), words.end());
  CommandResult result = run(argv, {.environment = {{"DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus"}}});
  check_no_secret(result.output + result.errors);
  return result;
}

void join_fleet(const Host& host) {
  write_file(host / "fleet-key", run_or_throw({RENEWD_BINARY, "fleet", "key"}));
  std::filesystem::permissions(host / "fleet-key", std::filesystem::perms::owner_read);
  // Port 1 refuses connections.
  write_file(host.configuration(),
             read_file(host.configuration()) +
                 "fleet: {etcd: {endpoints: [\"http://127.0.0.1:1\"], host: gateway-7, key: {file: " +
                 (host / "fleet-key").string() + "}}}\n");
}

// The certificate that the host remembers of the fleet.
std::string remembered(const Host& host) {
  const auto file = host.state() / "fleet";
  return std::filesystem::exists(file) ? std::string(boost::json::parse(read_file(file)).at("fingerprint").as_string())
                                       : "";
}

}  // namespace

TEST_CASE("without a fleet, its commands say where to read, and are usage errors") {
  const Host host;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"fleet", "status"}, {"fleet", "halt"}, {"fleet", "publish", "production"}, {"fleet", "reseal"}}) {
    const auto result = command(host, words);
    CHECK(result.status == 2);
    CHECK(result.output.empty());
    CHECK_THAT(result.errors, ContainsSubstring("/usr/share/doc/gravitee-renewd/docs/fleet.md"));
  }
}

TEST_CASE("fleet key prints a key and nothing else, another one each time") {
  const auto one = run({RENEWD_BINARY, "fleet", "key"});
  const auto other = run({RENEWD_BINARY, "fleet", "key"});
  CHECK(one.status == 0);
  CHECK(one.errors.empty());
  CHECK(one.output.size() == 45);  // base64 of 32 bytes, and a line break
  CHECK(one.output != other.output);
}

TEST_CASE("an etcd that does not answer is named, with its reason") {
  const Host host;
  join_fleet(host);
  for (const std::string word : {"status", "halt", "resume", "reseal"}) {
    const auto result = command(host, {"fleet", word});
    CHECK(result.status == 1);
    CHECK(result.output.empty());
    CHECK_THAT(result.errors, StartsWith("fleet " + word + ": etcd: ") && ContainsSubstring("(connect)"));
  }
  const auto unknown = command(host, {"fleet", "halt", "staging"});
  CHECK(unknown.status == 2);
  CHECK_THAT(unknown.errors, ContainsSubstring("no certificate has the name staging"));
  const auto online = command(host, {"validate", "--online"});
  CHECK(online.status == 0);
  CHECK_THAT(online.errors, ContainsSubstring("etcd cannot be read") && ContainsSubstring("(connect)"));
}

TEST_CASE("a fleet key that is none is found by validate") {
  const Host host;
  join_fleet(host);
  write_file(host / "fleet-key-2", "hunter2\n");
  std::filesystem::permissions(host / "fleet-key-2", std::filesystem::perms::owner_read);
  std::string yaml = read_file(host.configuration());
  yaml.replace(yaml.rfind("}}}"), 3, "}, second_key: {file: " + (host / "fleet-key-2").string() + "}}}");
  write_file(host.configuration(), yaml);
  const auto result = command(host, {"validate"});
  CHECK_THAT(result.errors, ContainsSubstring("the second fleet key cannot be used"));
  CHECK_THAT(result.errors, !ContainsSubstring("hunter2"));
}

TEST_CASE("renew leaves a member to its fleet, and says how to renew it alone") {
  Host host;
  join_fleet(host);
  const auto skipped = host.renew();
  CHECK(skipped.status == 1);
  CHECK_THAT(skipped.output, ContainsSubstring("this host belongs to a fleet") &&
                                 ContainsSubstring("gravitee-renewd renew --alone production"));
  CHECK(host.cloud().requests().empty());
  CHECK(host.restarts() == 0);

  const auto alone = host.renew({"--alone"});
  CHECK(alone.status == 0);
  CHECK(host.cloud().requests().size() == 1);
  CHECK(host.restarts() == 1);
  const std::string renewed = remembered(host);
  CHECK(renewed.size() == 64);
  CHECK(host.renew().status == 0);  // nothing is due

  const auto back = command(host, {"rollback", "production"});
  CHECK(back.status == 0);
  CHECK_THAT(back.output, ContainsSubstring("does not take over that certificate"));
  CHECK(remembered(host) == renewed);
  const auto again = command(host, {"activate", "production"});
  CHECK(again.status == 0);
  CHECK_THAT(again.output, ContainsSubstring("follows its fleet again"));
  CHECK(remembered(host).empty());
}
