// A cloud that has no address, or refuses: the keystore stays unchanged, down to the inode, and the failure is logged
// with its class. What else goes wrong on the way to an answer: tests/matrix.

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

void check_failure(Host& host, const std::string& expected_class, const std::string& words = {}) {
  const Snapshot before = snapshot(host.keystore());
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  const Events events = parse_events(result.errors);
  const auto failed = find_event(events, "renewal_failed");
  REQUIRE(failed);
  CHECK(field(*failed, "class") == expected_class);
  CHECK_THAT(field(*failed, "message"), ContainsSubstring(words));
  CHECK_FALSE(find_event(events, "keystore_installed"));
  CHECK(snapshot(host.keystore()) == before);
  CHECK(host.restarts() == 0);
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
    check_failure(host, row.expected_class, row.words);
    CHECK_THAT(host.renew().errors, ContainsSubstring("HTTP " + std::to_string(row.status)));
    CHECK(host.cloud().requests().size() == 2);
  }
}

}  // namespace

TEST_CASE("keeps the installed keystore when the cloud's name does not resolve") {
  // A label longer than DNS has: the resolver refuses it without asking anybody.
  const std::string name = std::string(64, 'a') + ".invalid";
  Host host;
  host.write_configuration(host.certificate_yaml("production", "https://" + name + "/management/accounts/x", {}), {});
  check_failure(host, "dns", name);
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
  check_failure(other_account, "client_error", "cannot be found");
  Host other_token;
  write_file(other_token / "token", "another");
  check_failure(other_token, "unauthorized");
}
