// The daemon as those see it who monitor it: Prometheus, node_exporter, a browser.

#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <regex>
#include <set>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "integration/watching.hpp"
#include "support/catch.hpp"

using namespace renewd::testing;

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::seconds kDeadline{60};

std::string status_of(std::uint16_t port, const std::string& path, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{"--output", "/dev/null", "--write-out", "%{http_code}", url(port, path)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return curl(arguments).output;
}

std::set<std::string> families_of(const std::string& text, const std::regex& name) {
  std::set<std::string> names;
  for (auto match = std::sregex_iterator(text.begin(), text.end(), name); match != std::sregex_iterator(); ++match) {
    names.insert((*match)[1]);
  }
  return names;
}

void check_with_promtool(const std::string& metrics) {
  const CommandResult result = run({"promtool", "check", "metrics"}, {.environment = {}, .input = metrics});
  INFO(result.output << result.errors);
  CHECK(result.status == 0);
  CHECK(result.output.empty());
  CHECK(result.errors.empty());
}

std::string token_for(std::chrono::seconds life) {
  const auto expiry = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() + life);
  std::string payload =
      run({"basenc", "--base64url", "--wrap=0"},
          {.environment = {}, .input = "{\"exp\":" + std::to_string(expiry.time_since_epoch().count()) + "}"})
          .output;
  payload.erase(payload.find_last_not_of('=') + 1);
  return "eyJhbGciOiJub25lIn0." + payload + ".signature";  // {"alg":"none"}
}

}  // namespace

TEST_CASE("after a renewal the metrics are those of the documentation, and promtool accepts them") {
  Host host;
  const auto port = free_port();
  monitor(host, listen_on(port));
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("renewal_completed"));
  daemon.wait_for_errors(says("certificate_checked"));
  std::string metrics = get(port, "/metrics");
  // Published right after the event.
  while (value_of(metrics, "last_success_timestamp_seconds{certificate=\"production\"}") == "(absent)") {
    metrics = get(port, "/metrics");
  }
  check_with_promtool(metrics);
  CHECK(value_of(metrics, "renewal_attempts_total{certificate=\"production\",result=\"success\"}") == "1");
  CHECK(value_of(metrics, "request_duration_seconds_count{certificate=\"production\"}") == "1");
  CHECK(value_of(metrics, "certificate_readable{certificate=\"production\"}") == "1");
  CHECK(value_of(metrics, "activation_pending{certificate=\"production\"}") == "0");
  CHECK(value_of(metrics, "config_last_reload_successful") == "1");
  CHECK(std::abs(std::stoi(value_of(metrics, "clock_skew_seconds"))) < 60);
  CHECK(value_of(metrics, "severity{certificate=\"production\"}") == "0");
  // The last families need a token that says when it expires, and a finding: before the next renewal.
  write_file(host / "token", token_for(std::chrono::hours(24 * 60)));
  reload(daemon, 1);
  while (value_of(metrics, "token_not_after_timestamp_seconds{certificate=\"production\"}") == "(absent)") {
    metrics = get(port, "/metrics");
  }
  CHECK(value_of(metrics, "severity{certificate=\"production\"}") == "1");
  CHECK(value_of(metrics,
                 "finding{certificate=\"production\",kind=\"token_expires_before_renewal\",severity="
                 "\"warning\"}") == "1");
  CHECK_THAT(get(port, "/healthz"), StartsWith("ok\nWARNING production: the account token expires at "));
  const std::regex shown("# TYPE (gravitee_renewd_[a-z_]+) ");
  const std::regex documented("\\| `(gravitee_renewd_[a-z_]+)");
  auto families = families_of(metrics, shown);
  families.insert("gravitee_renewd_gateway_up");  // needs a unit, or a health check
  auto expected = families_of(read_file(MONITORING_DOCUMENT), documented);
  // Those of a fleet have no place on a host without one (metrics_test has them).
  std::erase_if(expected, [](const std::string& name) { return name.starts_with("gravitee_renewd_fleet_"); });
  CHECK(families == expected);
  stop(daemon);
}

TEST_CASE("the metrics show an activation in progress") {
  Host host;
  const auto port = free_port();
  host.configure({.certificate = {"gateway: {command: {argv: [/usr/bin/curl, --silent, --output, " +
                                  (host / "seen").string() + ", \"" + url(port, "/metrics") + "\"]}}"},
                  .keystore = {},
                  .http = {}});
  monitor(host, listen_on(port));
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("renewal_completed"));
  const std::string seen = read_file(host / "seen");
  CHECK(value_of(seen, "activation_pending{certificate=\"production\"}") == "1");
  // The new certificate's, whose predecessor had ten days left.
  const std::chrono::seconds not_after(
      std::stoll(value_of(seen, "certificate_not_after_timestamp_seconds{certificate=\"production\"}")));
  CHECK(not_after > std::chrono::system_clock::now().time_since_epoch() + std::chrono::days(300));
  stop(daemon);
}

TEST_CASE("a slow request that fails is in the histogram and among the failures") {
  Host host({"--fault", "stall-after-request"});
  const auto port = free_port();
  host.configure({.certificate = {}, .keystore = {}, .http = {"request_timeout: 1s"}});
  monitor(host, listen_on(port));
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("renewal_failed"));
  const std::string metrics = get(port, "/metrics");
  CHECK(value_of(metrics, "renewal_failures_total{certificate=\"production\",class=\"timeout\"}") == "1");
  CHECK(value_of(metrics, "renewal_attempts_total{certificate=\"production\",result=\"failure\"}") == "1");
  CHECK(value_of(metrics, "request_duration_seconds_bucket{certificate=\"production\",le=\"0.5\"}") == "0");
  CHECK(value_of(metrics, "request_duration_seconds_bucket{certificate=\"production\",le=\"+Inf\"}") == "1");
  stop(daemon);
}

TEST_CASE("the daemon serves its health, its readiness and the page, and nothing else") {
  Host host({"--initial-days", "200"});
  const auto port = free_port();
  monitor(host, listen_on(port));
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("certificate_checked"));
  CHECK(get(port, "/healthz") == "ok\n");
  CHECK(get(port, "/readyz") == "ready\n");
  CHECK(contains(get(port, "/"), "Everything is in order"));
  CHECK(contains(get(port, "/?from=a-bookmark"), "Everything is in order"));
  CHECK(status_of(port, "/etc/passwd") == "404");
  CHECK(status_of(port, "/metrics", {"--request", "POST", "--data", "x"}) == "405");
  const std::string head = curl({"--head", url(port, "/")}).output;
  CHECK(contains(head, "HTTP/1.1 200 OK"));
  CHECK(contains(head, "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'"));
  stop(daemon);
}

TEST_CASE("the page and check agree if somebody installed a keystore and the gateway's old certificate expires") {
  const Host newer({"--initial-days", "364"});
  Host host({"--initial-days", "3"});
  const auto port = free_port();
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/true]}}"}, .keystore = {}, .http = {}});
  monitor(host, listen_on(port));
  const auto command = [&host](const std::vector<std::string>& words) {
    std::vector<std::string> argv{RENEWD_BINARY, "--config", host.configuration().string()};
    argv.insert(argv.end(), words.begin(), words.end());
    return run(argv, {});
  };
  REQUIRE(command({"activate", "production"}).status == 0);  // the gateway was seen to use it
  write_file(host.keystore(), read_file(newer.keystore()));

  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("certificate_checked"));
  CHECK(command({"check"}).status == 2);
  CHECK(contains(command({"status", "--json"}).output, R"("kind":"old_certificate_in_use","severity":"warning")"));
  const std::string page = get(port, "/");
  CHECK(contains(page, "<article class=\"bad\" id=\"production\">"));
  CHECK(contains(page, "the certificate in use has"));
  stop(daemon);
}

TEST_CASE("a port in use stops no renewal, and the next reload can change it") {
  asio::io_context io;
  tcp::acceptor other(io, {asio::ip::address_v4::loopback(), 0});
  Host host;
  monitor(host, listen_on(other.local_endpoint().port()));
  BackgroundProcess daemon = start_daemon(host);
  const std::string errors = daemon.wait_for_errors(says("monitoring_unavailable"));
  CHECK(contains(errors, "Address already in use"));
  CHECK(contains(errors, R"("what":"listen","where":"127.0.0.1:)"));
  daemon.wait_for_errors(says("renewal_completed"));
  const auto port = free_port();
  monitor(host, listen_on(port));
  reload(daemon, 1);
  CHECK(contains(daemon.wait_for_errors(says("monitoring_unavailable", 2)), "metrics.listen works again"));
  CHECK(get(port, "/healthz") == "ok\n");
  // The file itself was never refused.
  CHECK(value_of(get(port, "/metrics"), "config_last_reload_successful") == "1");
  const auto another = free_port();
  monitor(host, listen_on(another));
  reload(daemon, 2);
  CHECK(get(another, "/healthz") == "ok\n");
  CHECK(curl({url(port, "/healthz")}).status != 0);
  write_file(host.configuration(), "nonsense");
  daemon.send_signal(SIGHUP);
  daemon.wait_for_errors(says("config_rejected"));
  CHECK(value_of(get(another, "/metrics"), "config_last_reload_successful") == "0");
  stop(daemon);
}

TEST_CASE("the daemon uses a port or directory that becomes available later, without a reload") {
  Host host({"--initial-days", "200"});
  const auto path = host / "later" / "metrics.sock";
  SECTION("a port") {
    asio::io_context io;
    std::optional<tcp::acceptor> other(std::in_place, io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto port = other->local_endpoint().port();
    monitor(host, listen_on(port));
    BackgroundProcess daemon = start_daemon(host);
    daemon.wait_for_errors(says("monitoring_unavailable"));
    other.reset();
    const auto errors = daemon.wait_for_errors(says("monitoring_unavailable", 2));
    CHECK(contains(errors, "metrics.listen works again"));
    CHECK(get(port, "/healthz") == "ok\n");
    stop(daemon);
  }
  SECTION("the directory of a unix socket, which is lost again") {
    monitor(host, "{listen: 'unix:" + path.string() + "'}");
    BackgroundProcess daemon = start_daemon(host);
    daemon.wait_for_errors(says("monitoring_unavailable"));
    std::filesystem::create_directory(path.parent_path());
    daemon.wait_for_errors(says("monitoring_unavailable", 2));
    CHECK(curl({"--unix-socket", path.string(), "http://localhost/healthz"}).output == "ok\n");
    std::filesystem::remove(path);
    reload(daemon, 1);
    while (!std::filesystem::exists(path)) {
      std::this_thread::yield();
    }
    CHECK(curl({"--unix-socket", path.string(), "http://localhost/healthz"}).output == "ok\n");
    stop(daemon);
  }
}

TEST_CASE("a unix socket has mode 0660, replaces that of a killed daemon, and is removed at the end") {
  Host host({"--initial-days", "200"});
  const auto path = host / "metrics.sock";
  const auto ask = [&path] { return curl({"--unix-socket", path.string(), "http://localhost/healthz"}); };
  monitor(host, "{listen: \"unix:" + path.string() + "\"}");
  {
    BackgroundProcess killed = start_daemon(host);
    killed.wait_for_errors(says("certificate_checked"));
    killed.send_signal(SIGKILL);
    killed.wait();
  }
  REQUIRE(std::filesystem::is_socket(path));
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("certificate_checked"));
  CHECK(ask().output == "ok\n");
  CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms(0660));
  // Another daemon does not take it away.
  const Host other = host.another();
  monitor(other, "{listen: \"unix:" + path.string() + "\"}");
  BackgroundProcess second = start_daemon(other);
  CHECK(contains(second.wait_for_errors(says("monitoring_unavailable")), "another process listens there"));
  stop(second);
  CHECK(ask().output == "ok\n");
  stop(daemon);
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("the textfile is replaced atomically, and shows the renewal") {
  Host host;
  const auto file = host / "gravitee.prom";
  monitor(host, "{textfile: " + file.string() + "}");
  std::atomic<bool> done = false;
  std::size_t torn = 0;
  std::thread reader([&] {
    while (!done) {
      if (std::filesystem::exists(file)) {
        const std::string text = read_file(file);
        torn += text.ends_with("} 1\n") && contains(text, "build_info") ? 0U : 1U;
      }
    }
  });
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("renewal_completed"));
  const std::string success = "renewal_attempts_total{certificate=\"production\",result=\"success\"}";
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (value_of(read_file(file), success) != "1" && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  stop(daemon);
  done = true;
  reader.join();
  CHECK(torn == 0);
  const std::string text = read_file(file);
  check_with_promtool(text);
  CHECK(value_of(text, success) == "1");
  CHECK((snapshot(file).mode & 07777U) == 0644);
}

TEST_CASE("an unwritable textfile is logged once and stops no renewal, and a new path removes the old file") {
  Host host;
  monitor(host, "{textfile: " + (host / "absent/gravitee.prom").string() + "}");
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("renewal_completed"));
  CHECK(contains(daemon.wait_for_errors(says("monitoring_unavailable")), "writing metrics.textfile"));
  monitor(host, "{textfile: " + (host / "one.prom").string() + "}");
  reload(daemon, 1);
  CHECK(contains(daemon.wait_for_errors(says("monitoring_unavailable", 2)), "metrics.textfile works again"));
  while (!std::filesystem::exists(host / "one.prom")) {
    std::this_thread::yield();
  }
  monitor(host, "{textfile: " + (host / "two.prom").string() + "}");
  reload(daemon, 2);
  while (!std::filesystem::exists(host / "two.prom")) {
    std::this_thread::yield();
  }
  stop(daemon);
  CHECK_FALSE(std::filesystem::exists(host / "one.prom"));
}

TEST_CASE("Prometheus scrapes the daemon while it renews, and sees the counters move") {
  Host host;
  const auto port = free_port();
  const auto server = free_port();
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/sh, -c, \"while ! test -e " +
                                  (host / "go").string() + "; do sleep 0.1; done\"], timeout: 60s}}"},
                  .keystore = {},
                  .http = {}});
  monitor(host, listen_on(port));
  write_file(host / "prometheus.yml",
             "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: renewd, static_configs: [{targets: "
             "[\"127.0.0.1:" +
                 std::to_string(port) + "\"]}]}]\n");
  BackgroundProcess prometheus(
      {"prometheus", "--config.file=" + (host / "prometheus.yml").string(),
       "--storage.tsdb.path=" + (host / "tsdb").string(), "--web.listen-address=127.0.0.1:" + std::to_string(server)},
      {.environment = {}, .input = {}, .deadline = kDeadline});
  prometheus.wait_for_errors([](const std::string& log) { return contains(log, "ready to receive web requests"); });
  BackgroundProcess daemon = start_daemon(host);
  // Waits until the newest sample has the value.
  const auto sees = [&](const std::string& query, const std::string& value) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    std::string answer;
    while (std::chrono::steady_clock::now() < deadline) {
      answer = curl({"--get", "--data-urlencode", "query=" + query, url(server, "/api/v1/query")}).output;
      if (contains(answer, ",\"" + value + "\"]")) {
        return true;
      }
    }
    UNSCOPED_INFO(query << ": " << answer);
    return false;
  };
  daemon.wait_for_errors(says("keystore_installed"));
  CHECK(sees("gravitee_renewd_activation_pending", "1"));
  CHECK(sees("gravitee_renewd_renewal_attempts_total{result=\"success\"}", "0"));
  write_file(host / "go", "");
  CHECK(sees("gravitee_renewd_renewal_attempts_total{result=\"success\"}", "1"));
  CHECK(sees("gravitee_renewd_activation_pending", "0"));
  CHECK(sees("gravitee_renewd_request_duration_seconds_count", "1"));
  stop(daemon);
}

TEST_CASE("a browser renders the page without errors") {
  if (!have_program("chromium")) {
    WARN("skipped: there is no chromium on this host");
    return;
  }
  Host host({"--initial-days", "200"});
  const auto port = free_port();
  monitor(host, listen_on(port));
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("certificate_checked"));
  const CommandResult shown =
      run({"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr",
           "--user-data-dir=" + (host / "profile").string(), "--screenshot=" + (host / "page.png").string(),
           "--window-size=400,800", url(port, "/")});
  INFO(shown.errors);
  CHECK(shown.status == 0);
  CHECK(std::filesystem::file_size(host / "page.png") > 5000);
  CHECK_FALSE(contains(shown.errors, "CONSOLE"));
  stop(daemon);
}

TEST_CASE("the metrics show the expiry of a token that has one, and nothing else of it") {
  Host host({"--initial-days", "200"});
  const auto port = free_port();
  monitor(host, listen_on(port));
  const std::string metric = "token_not_after_timestamp_seconds{certificate=\"production\"}";
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("certificate_checked"));
  CHECK(value_of(get(port, "/metrics"), metric) == "(absent)");
  // {"alg":"none"} and {"exp":4102444800}
  write_file(host / "token", "eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9.signature");
  reload(daemon, 1);
  daemon.wait_for_errors(says("certificate_checked", 2));
  const std::string metrics = get(port, "/metrics");
  CHECK(value_of(metrics, metric) == "4102444800");
  check_with_promtool(metrics);
  daemon.send_signal(SIGTERM);
  CHECK_FALSE(contains(metrics + daemon.wait().errors, "signature"));
}
