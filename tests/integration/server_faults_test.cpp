// A cloud that cannot be reached, breaks the connection, or refuses: the keystore stays unchanged, down to the inode,
// and the failure is logged with its class.

#include <set>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

// `classes`: more than one where it depends on how fast the client is.
void check_failure(Host& host, const std::set<std::string>& classes, const std::string& words = {}) {
  const Snapshot before = snapshot(host.keystore());
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  const Events events = parse_events(result.errors);
  const auto failed = find_event(events, "renewal_failed");
  REQUIRE(failed);
  INFO("class " << field(*failed, "class"));
  CHECK(classes.count(field(*failed, "class")) == 1);
  CHECK_THAT(field(*failed, "message"), ContainsSubstring(words));
  CHECK_FALSE(find_event(events, "keystore_installed"));
  CHECK(snapshot(host.keystore()) == before);
  CHECK(host.restarts() == 0);
}

struct FaultRow {
  std::string fault;
  std::set<std::string> classes;
};

// The deadlines are short where the fault is silence, and long where a slow machine must not look like one.
void check_faults(const std::vector<FaultRow>& table) {
  for (const auto& row : table) {
    INFO("fault " << row.fault);
    Host host({"--fault", row.fault});
    const bool silent = row.classes.count("timeout") == 1;
    host.configure({.certificate = {},
                    .keystore = {},
                    .http = {silent ? "connect_timeout: 1s" : "connect_timeout: 20s",
                             silent ? "request_timeout: 2s" : "request_timeout: 40s"}});
    check_failure(host, row.classes);
  }
}

struct StatusRow {
  unsigned status;
  std::string body;
  std::string expected_class;
  std::string words;
};

void check_statuses(const std::vector<StatusRow>& table) {
  TemporaryDirectory directory;
  for (const auto& row : table) {
    INFO("status " << row.status << ", body " << row.body);
    write_file(directory / "body", row.body);
    Host host({"--status", std::to_string(row.status), "--body", (directory / "body").string(), "--header",
               "Location: https://elsewhere.invalid/login", "--header", "Retry-After: 120"});
    check_failure(host, {row.expected_class}, row.words);
    CHECK_THAT(host.renew().errors, ContainsSubstring("HTTP " + std::to_string(row.status)));
    CHECK(host.cloud().requests().size() == 2);
  }
}

}  // namespace

TEST_CASE("keeps the installed keystore when nothing listens") {
  std::string url;
  {
    const Simulator gone;
    url = gone.account_url();
  }
  Host host;
  host.write_configuration(host.certificate_yaml("production", url, {}), {});
  check_failure(host, {"connect"});
}

TEST_CASE("keeps the installed keystore when the cloud's name does not resolve") {
  // A label longer than DNS has: the resolver refuses it without asking anybody.
  const std::string name = std::string(64, 'a') + ".invalid";
  Host host;
  host.write_configuration(host.certificate_yaml("production", "https://" + name + "/management/accounts/x", {}), {});
  check_failure(host, {"dns"}, name);
}

TEST_CASE("keeps the installed keystore when the connection breaks before the response") {
  check_faults({{"reset-on-accept", {"connect", "tls"}},
                {"close-on-accept", {"tls"}},
                {"reset-after-request", {"connect"}},
                {"close-after-request", {"connect"}}});
}

TEST_CASE("keeps the installed keystore when the server is not the cloud") {
  check_faults({{"plain-http", {"tls"}},
                {"wrong-host", {"tls"}},
                {"expired-server", {"tls"}},
                {"unknown-ca", {"tls"}},
                {"tls11-only", {"tls"}}});
}

TEST_CASE("keeps the installed keystore when the server falls silent before the response") {
  check_faults({{"stall-accept", {"timeout"}}, {"stall-handshake", {"timeout"}}, {"stall-after-request", {"timeout"}}});
}

TEST_CASE("keeps the installed keystore when the server falls silent within the response") {
  check_faults({{"stall-in-header", {"timeout"}}, {"stall-in-body", {"timeout"}}, {"slow-drip", {"timeout"}}});
}

TEST_CASE("keeps the installed keystore when the response is truncated, endless or not HTTP") {
  check_faults({{"truncated-body", {"bad_answer"}},
                {"reset-in-body", {"bad_answer"}},
                {"endless-body", {"bad_answer"}},
                {"huge-header", {"bad_answer"}},
                {"bad-http", {"bad_answer"}},
                {"bad-length", {"bad_answer"}}});
}

TEST_CASE("keeps the installed keystore when the cloud redirects, and does not follow") {
  check_statuses({{301, "", "client_error", "https://elsewhere.invalid/login"},
                  {302, "<html><title>Moved</title></html>", "client_error", "https://elsewhere.invalid/login"},
                  {307, "", "client_error", "https://elsewhere.invalid/login"}});
}

TEST_CASE("keeps the installed keystore when the cloud refuses, and quotes the response") {
  const std::string management = R"({"message": "Account cannot be found.", "http_status": 404, "technicalCode": "x"})";
  const std::string gateway = R"({"httpStatus": 409, "message": "Renewed already.", "details": []})";
  check_statuses({{400, R"({"message": "Bad\nnews", "http_status": 400})", "client_error", "Bad news"},
                  {401, "", "unauthorized", "HTTP 401"},
                  {401, "<html><head><title>Unauthorized</title></head></html>", "unauthorized", "Unauthorized"},
                  {403, "{}", "unauthorized", "HTTP 403"},
                  {404, management, "client_error", "Account cannot be found."},
                  {405, "", "client_error", "HTTP 405"},
                  {409, gateway, "client_error", "Renewed already."}});
}

TEST_CASE("keeps the installed keystore when the cloud is busy or broken") {
  check_statuses({{429, "Slow down.", "rate_limited", "Slow down."},
                  {500, "<html><head><title>Oops</title></head></html>", "server_error", "Oops"},
                  {502, std::string(100'000, 'x'), "server_error", "HTTP 502"},
                  {503, "", "server_error", "HTTP 503"},
                  {504, "", "server_error", "HTTP 504"}});
}

TEST_CASE("keeps the installed keystore when the account or the token is wrong") {
  Host other_account({"--account", "11111111-1111-4111-8111-111111111111"});
  check_failure(other_account, {"client_error"}, "cannot be found");
  Host other_token;
  write_file(other_token / "token", "another");
  check_failure(other_token, {"unauthorized"});
}
