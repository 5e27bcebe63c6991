// The simulator is what every other test here believes in: it must say no where the cloud would.

#include <signal.h>

#include <boost/json.hpp>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

struct Answer {
  std::string status;
  std::string body;
};

Answer ask(const Simulator& simulator, const std::vector<std::string>& arguments, const std::string& url) {
  std::vector<std::string> argv = {"curl", "-sS", "--cacert", simulator.ca_file().string(), "-w", "\n%{http_code}"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  argv.push_back(url);
  const std::string output = run_or_throw(argv);
  const auto last_line = output.rfind('\n');
  return {output.substr(last_line + 1), output.substr(0, last_line)};
}

bool curl_is_missing() {
  if (have_program("curl")) {
    return false;
  }
  WARN("skipped: curl is missing");
  return true;
}

}  // namespace

TEST_CASE("the simulator issues a certificate only for a good request, and records what was wrong with the others") {
  if (curl_is_missing()) {
    return;
  }
  const Simulator simulator({"--key", "ec:P-256"});
  const std::string url = simulator.account_url() + "/certificate/renewcert";
  const std::vector<std::string> good = {"-X", "POST",
                                         "-A", "gravitee-renewd/1",
                                         "-H", "Content-Length: 0",
                                         "-H", std::string("Authorization: Bearer ") + kAccountToken};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = good;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  CHECK(ask(simulator, good, url).status == "200");
  CHECK(ask(simulator, {"-X", "POST", "-H", "Authorization: Bearer another"}, url).status == "401");
  CHECK(ask(simulator, {}, url).status == "405");
  const Answer elsewhere = ask(simulator, good, simulator.url() + "/management/accounts/x/certificate/renewcert");
  CHECK(elsewhere.status == "404");
  CHECK(field(boost::json::parse(elsewhere.body).as_object(), "http_status") == "404");
  const std::vector<std::vector<std::string>> forbidden = {
      {"-H", "Origin: https://x"}, {"-H", "Referer: https://x"}, {"-H", "Cookie: a=b"}, {"-A", "curl"}};
  for (const auto& header : forbidden) {
    INFO("header " << header[1]);
    const Answer refused = ask(simulator, with(header), url);
    CHECK(refused.status == "400");
    CHECK(field(boost::json::parse(refused.body).as_object(), "httpStatus") == "400");
  }

  const auto requests = simulator.requests();
  REQUIRE(requests.size() == 4 + forbidden.size());
  CHECK(field(requests[0], "violation").empty());
  CHECK(field(requests[0], "issued") == "001.p12");
  CHECK(field(requests[1], "token_ok") == "false");
  CHECK(simulator.issued().size() == 1);
  for (const auto& request : requests) {
    CHECK((field(request, "status") == "200") == field(request, "violation").empty());
    check_no_secret(boost::json::serialize(request));
  }
}

TEST_CASE("the simulator ends on SIGTERM at once, and by itself after the given number of requests") {
  if (curl_is_missing()) {
    return;
  }
  Simulator told({"--key", "ec:P-256", "--fault", "stall-after-request"});
  told.process().send_signal(SIGTERM);
  CHECK(told.process().wait().status == 0);

  Simulator counting({"--key", "ec:P-256", "--exit-after", "2"});
  ask(counting, {}, counting.url() + "/one");
  ask(counting, {}, counting.url() + "/two");
  const CommandResult ended = counting.process().wait();
  CHECK(ended.status == 0);
  CHECK(ended.output == "listening on " + counting.url() + "\n");
}

TEST_CASE("the simulator refuses a shape, a fault or a key that it does not know") {
  for (const std::string flag : {"--shape", "--fault", "--key", "--lifetime"}) {
    INFO(flag);
    CHECK_THROWS(Simulator({flag, "nonsense"}));
  }
}
