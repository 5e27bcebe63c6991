// What a renewal installed, in the hands of others: the JDK, nginx, and a proxy on the way to the cloud.

#include <memory>

#include "servers.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/keystores.hpp"

using namespace renewd::testing;

namespace {

// Hosts that renewed once, each from another shape of answer. The first has RSA keys, as the cloud issues them; the
// rest are quicker to make.
std::vector<std::unique_ptr<Host>> renewed_hosts(const std::vector<std::string>& shapes, Target target) {
  std::vector<std::unique_ptr<Host>> hosts;
  for (const auto& shape : shapes) {
    const std::string key = hosts.empty() ? "rsa:2048" : "ec:P-256";
    hosts.push_back(std::make_unique<Host>(std::vector<std::string>{"--shape", shape, "--key", key}, target));
    const CommandResult result = hosts.back()->renew();
    INFO("shape " << shape << ": " << result.output << result.errors);
    REQUIRE(result.status == 0);
  }
  return hosts;
}

std::string client_authorities(const std::vector<std::unique_ptr<Host>>& hosts) {
  std::string bundle;
  for (const auto& host : hosts) {
    bundle += read_file(host->cloud().client_ca_file());
  }
  return bundle;
}

bool have_programs(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    if (!have_program(name)) {
      WARN("skipped: " << name << " is missing");
      return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("a JDK opens the installed keystore, finds the alias, and nginx accepts it") {
  if (!have_programs({"java", "keytool", "nginx"})) {
    return;
  }
  const std::vector<std::string> shapes = {"pkcs12",     "wrapped",     "wrapped-crlf", "quoted",      "newline",
                                           "urlsafe",    "json-string", "json-object",  "json-nested", "pem",
                                           "pem-base64", "der-cert",    "pem-cert",     "pkcs7"};
  const auto hosts = renewed_hosts(shapes, Target::pkcs12);
  const Nginx nginx(hosts[0]->cloud(), client_authorities(hosts));
  std::vector<std::string> argv = {"java", std::string(JAVA_SOURCES) + "/KeystoreProbe.java", kKeystorePassword,
                                   nginx.url(), hosts[0]->cloud().ca_file().string()};
  for (const auto& host : hosts) {
    argv.push_back(host->keystore().string());
  }
  const CommandResult probed = run(argv);
  INFO(probed.output << probed.errors);
  CHECK(probed.status == 0);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto& host = hosts[i];
    const std::string chain = "2";  // a bare certificate brings no issuer along: the installed one's serves
    CHECK_THAT(probed.output, ContainsSubstring(host->keystore().string() + " alias cockpit-client, chain of " + chain +
                                                ": HTTP 200 SUCCESS CN=" + kAccount));
    const std::string list = keytool_list(host->keystore(), kKeystorePassword);
    CHECK_THAT(list, ContainsSubstring("cockpit-client, "));
    CHECK_THAT(list, ContainsSubstring("PrivateKeyEntry"));
  }
}

TEST_CASE("a key of another type is installed and reported, and nginx accepts a JDK with it") {
  if (!have_programs({"java", "keytool", "nginx"})) {
    return;
  }
  for (const std::string key : {"ec:P-256", "ed25519"}) {
    INFO(key);
    Host host({"--initial-key", "rsa:4096", "--key", key});
    const CommandResult result = host.renew();
    INFO(result.output << result.errors);
    REQUIRE(result.status == 0);
    const auto installed = find_event(parse_events(result.errors), "keystore_installed");
    REQUIRE(installed);
    CHECK(field(*installed, "previous_key") == "RSA 4096");
    CHECK(field(*installed, "key") == (key == "ed25519" ? "ED25519" : "EC prime256v1"));
    CHECK_THAT(read_file(host.state() / "history.jsonl"), ContainsSubstring("\"key\":\"" + field(*installed, "key")));
    const Nginx nginx(host.cloud(), read_file(host.cloud().client_ca_file()));
    const CommandResult probed = run({"java", std::string(JAVA_SOURCES) + "/KeystoreProbe.java", kKeystorePassword,
                                      nginx.url(), host.cloud().ca_file().string(), host.keystore().string()});
    CHECK(probed.status == 0);
    CHECK_THAT(probed.output, ContainsSubstring("HTTP 200 SUCCESS"));
  }
}

TEST_CASE("nginx accepts a renewed PEM file, and no client without one") {
  if (!have_programs({"nginx", "curl"})) {
    return;
  }
  const auto hosts = renewed_hosts({"pkcs12", "pem", "der-cert"}, Target::pem);
  const Nginx nginx(hosts[0]->cloud(), client_authorities(hosts));
  const std::vector<std::string> curl = {"curl", "-sS", "--cacert", hosts[0]->cloud().ca_file().string(), nginx.url()};
  for (const auto& host : hosts) {
    std::vector<std::string> with_certificate = curl;
    with_certificate.insert(with_certificate.end(), {"--cert", host->keystore().string()});
    CHECK_THAT(run_or_throw(with_certificate), ContainsSubstring(std::string("SUCCESS CN=") + kAccount));
  }
  CHECK_THAT(run_or_throw(curl), ContainsSubstring("No required SSL certificate was sent"));
}

TEST_CASE("renews through a proxy that asks for a password, and reports its refusal as the proxy's") {
  if (!have_programs({"tinyproxy"})) {
    return;
  }
  Tinyproxy proxy("proxy", kProxyPassword);
  Host host;
  // Loopback hosts are reached without a proxy; to Linux, this address is one (connect(2) to INADDR_ANY).
  std::string account_url = host.cloud().account_url();
  account_url.replace(account_url.find("127.0.0.1"), std::string("127.0.0.1").size(), "0.0.0.0");
  Extra route;
  route.http = {"proxy: \"http://proxy@127.0.0.1:" + std::to_string(proxy.port()) + "\"",
                "proxy_password: {file: " + (host / "proxy-password").string() + "}"};
  const Snapshot before = snapshot(host.keystore());

  write_file(host / "proxy-password", "another");
  host.write_configuration(host.certificate_yaml("production", account_url, route), route);
  const CommandResult refused = host.renew();
  INFO(refused.output << refused.errors);
  CHECK(refused.status == 1);
  const auto failed = find_event(parse_events(refused.errors), "renewal_failed");
  REQUIRE(failed);
  CHECK(field(*failed, "class") == "proxy");
  CHECK(snapshot(host.keystore()) == before);

  write_file(host / "proxy-password", kProxyPassword);
  const CommandResult renewed = host.renew();
  INFO(renewed.output << renewed.errors);
  CHECK(renewed.status == 0);
  CHECK(read_file(host.keystore()) == read_file(host.cloud().issued().at(0)));
  proxy.wait_for_log("CONNECT 0.0.0.0:");
  const auto requests = host.cloud().requests();
  REQUIRE(requests.size() == 1);
  CHECK_FALSE(requests[0].at("headers").as_object().contains("Proxy-Authorization"));
}
