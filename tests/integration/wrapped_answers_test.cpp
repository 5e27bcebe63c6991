// A good answer in wrappings that servers and proxies put around it, and servers that are met in unusual ways: the real
// binary stores and installs it.

#include <fmt/format.h>

#include "integration/watching.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"
#include "unit/http/scripted_server.hpp"
#include "unit/http/test_ca.hpp"

using namespace renewd::testing;

namespace {

// A cloud that the test scripts, and what the simulated one would answer.
struct Wrapped {
  Wrapped() {
    const std::string text = run_or_throw({"curl", "-sS", "--cacert", host.cloud().ca_file().string(), "-X", "POST",
                                           "-A", "gravitee-renewd/1", "-H", "Content-Length: 0", "-H",
                                           std::string("Authorization: Bearer ") + kAccountToken,
                                           host.cloud().account_url() + "/certificate/renewcert"});
    body = text;
    script.certificate = ca.issue("DNS:localhost,IP:127.0.0.1,DNS:cloud.example");
  }

  CommandResult renew(const std::string& response, const std::string& name = "localhost",
                      const std::filesystem::path& trusted = {}, const std::string& proxy = {}) {
    script.response = response;
    ScriptedServer server(script);
    Extra extra{.certificate = {}, .keystore = {}, .http = {}};
    extra.http = {"ca_file: " + (trusted.empty() ? ca.file() : trusted).string()};
    if (!proxy.empty()) {
      extra.http.push_back("proxy: \"http://" + proxy + "127.0.0.1:" + std::to_string(server.port()) + "\"");
    }
    const std::string port = proxy.empty() ? ":" + std::to_string(server.port()) : "";
    const std::string url = "https://" + name + port + "/management/accounts/" + kAccount;
    host.write_configuration(host.certificate_yaml("production", url, extra), extra);
    CommandResult result = host.renew();
    server_name = server.finished().server_name();
    requests = server.finished().requests();
    connects = server.finished().connects();
    return result;
  }

  Host host;
  TestCa ca;
  std::string body;
  Script script;
  std::string server_name;
  std::vector<std::string> requests;
  std::vector<std::string> connects;
};

std::string head(const std::string& fields, std::size_t length) {
  return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(length) + "\r\n\r\n";
}

}  // namespace

TEST_CASE("an answer is installed in every supported form of HTTP") {
  if (!have_program("curl")) {
    WARN("skipped: curl is missing");
    return;
  }
  Wrapped cloud;
  const std::string& body = cloud.body;
  const std::size_t half = body.size() / 2;
  const auto chunk = [](const std::string& data, const std::string& blanks, const std::string& end) {
    return fmt::format("{:x}", data.size()) + blanks + end + data + end;
  };
  std::string response;
  SECTION("a status without a reason, and line feeds alone") {
    response = "HTTP/1.1 200\nContent-Length : " + std::to_string(body.size()) + "\n\n" + body;
  }
  SECTION("chunks with blanks behind their sizes, and a length that is another one") {
    response = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n" +
               chunk(body.substr(0, half), "  ", "\r\n") + chunk(body.substr(half), " ", "\r\n") + "0\r\n\r\n";
  }
  const CommandResult result = cloud.renew(response);
  INFO(result.errors);
  CHECK(result.status == 0);
  CHECK(find_event(parse_events(result.errors), "renewal_completed"));
  CHECK_THAT(cloud.requests.at(0), ContainsSubstring("\r\nAccept-Encoding: identity\r\n"));
}

TEST_CASE("an answer in an unknown coding is refused by its name, and set aside as received") {
  if (!have_program("curl")) {
    WARN("skipped: curl is missing");
    return;
  }
  Wrapped cloud;
  const std::string coded = "\x1b\x07\x80 not to be lost";
  const CommandResult result = cloud.renew(head("Content-Encoding: br\r\n", coded.size()) + coded);
  INFO(result.errors);
  CHECK(result.status == 1);
  const auto rejected = find_event(parse_events(result.errors), "renewal_rejected");
  REQUIRE(rejected);
  CHECK_THAT(field(*rejected, "message"), ContainsSubstring("coding br is not supported"));
  bool kept = false;
  for (const auto& entry : std::filesystem::directory_iterator(cloud.host.state())) {
    kept = kept || (entry.is_regular_file() && read_file(entry.path()) == coded);
  }
  CHECK(kept);
}

TEST_CASE(
    "the cloud is reached under a name with a final dot, with the issuing authority alone, through a strange proxy") {
  if (!have_program("curl")) {
    WARN("skipped: curl is missing");
    return;
  }
  Wrapped cloud;
  const TestCa root;
  const auto intermediate = cloud.ca.issued_by(root);
  const std::string response = head("", cloud.body.size()) + cloud.body;
  std::string name;
  std::string proxy;
  SECTION("directly") {
    name = "localhost.";
  }
  SECTION("through a proxy that answers in line feeds alone") {
    name = "cloud.example.";
    proxy = "user@";
    cloud.script.proxy_response = "HTTP/1.1 200 OK\n\n";
  }
  const CommandResult result = cloud.renew(response, name, intermediate, proxy);
  INFO(result.errors);
  CHECK(result.status == 0);
  CHECK(cloud.server_name + "." == name);
  if (!proxy.empty()) {
    CHECK_THAT(cloud.connects.at(0), StartsWith("CONNECT cloud.example:443 HTTP/1.1\r\n") &&
                                         ContainsSubstring("\r\nUser-Agent: gravitee-renewd/"));
  }
}

TEST_CASE("validate and renew accept the same CA files") {
  if (!have_program("curl")) {
    WARN("skipped: curl is missing");
    return;
  }
  Wrapped cloud;
  const auto file = cloud.ca.path("tried.pem");
  const auto trusted = [&](const std::vector<std::string>& settings) {
    std::vector<std::string> command{"openssl", "x509", "-in", cloud.ca.file().string(), "-trustout"};
    command.insert(command.end(), settings.begin(), settings.end());
    return run_or_throw(command);
  };
  const auto pkcs7 = run_or_throw({"openssl", "crl2pkcs7", "-nocrl", "-certfile", cloud.ca.file().string()});
  const std::string good = read_file(cloud.ca.file());
  const std::vector<std::string> usable{good, pkcs7, trusted({"-addtrust", "serverAuth"})};
  const std::vector<std::string> unusable{trusted({"-addreject", "serverAuth"}), good + "-----BEGIN CERTIFICATE-----\n",
                                          ""};
  const bool is_usable = GENERATE(true, false);
  const auto which = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2});
  const std::string& bytes = is_usable ? usable.at(which) : unusable.at(which);
  INFO(bytes);
  write_file(file, bytes);
  const CommandResult result = cloud.renew(head("", cloud.body.size()) + cloud.body, "localhost", file);
  INFO(result.errors);
  CHECK((result.status == 0) == is_usable);
  std::vector<std::string> validate = cloud.host.renew_command();
  validate.back() = "validate";
  const CommandResult validated = run(validate);
  CHECK((validated.errors.find("the bundle cannot be used") == std::string::npos) == is_usable);
}
