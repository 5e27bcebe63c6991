// The daemon as those see it who monitor it: Prometheus, node_exporter, a browser, and clients that mean no good.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::seconds kDeadline{60};

std::uint16_t free_port() {
  asio::io_context io;
  return tcp::acceptor(io, {asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::function<bool(const std::string&)> says(const std::string& event, std::size_t times = 1) {
  return [event, times](const std::string& errors) {
    std::size_t found = 0;
    const std::string name = "\"event\":\"" + event + "\"";
    for (auto at = errors.find(name); at != std::string::npos; at = errors.find(name, at + 1)) {
      ++found;
    }
    return found >= times;
  };
}

// The configuration of a host, with `metrics`.
void monitor(const Host& host, const std::string& metrics) {
  static const std::regex kSection("metrics: .*\n");
  const std::string text = std::regex_replace(read_file(host.configuration()), kSection, "");
  write_file(host.configuration(), text + "metrics: " + metrics + "\n");
}

std::string listen_on(std::uint16_t port) {
  return "{listen: \"127.0.0.1:" + std::to_string(port) + "\"}";
}

std::string url(std::uint16_t port, const std::string& path) {
  return "http://127.0.0.1:" + std::to_string(port) + path;
}

CommandResult curl(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{"curl", "--silent", "--show-error", "--max-time", "20"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run(argv);
}

std::string get(std::uint16_t port, const std::string& path) {
  const CommandResult result = curl({"--fail", url(port, path)});
  INFO(path << ": " << result.errors);
  CHECK(result.status == 0);
  check_no_secret(result.output);
  return result.output;
}

std::string status_of(std::uint16_t port, const std::string& path, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{"--output", "/dev/null", "--write-out", "%{http_code}", url(port, path)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return curl(arguments).output;
}

// What comes back for bytes as they are, until the daemon closes.
std::string answer_to(std::uint16_t port, const std::string& bytes) {
  asio::io_context io;
  tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), port});
  boost::system::error_code ignored;
  asio::write(socket, asio::buffer(bytes), ignored);
  std::string answer;
  asio::read(socket, asio::dynamic_buffer(answer), ignored);
  return answer;
}

// The value of a sample, by its name and labels.
std::string value_of(const std::string& metrics, const std::string& sample) {
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("gravitee_renewd_" + sample + " ")) {
      return line.substr(line.rfind(' ') + 1);
    }
  }
  return "(absent)";
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
  CHECK(result.output + result.errors == "");
}

void reload(BackgroundProcess& daemon, std::size_t times) {
  daemon.send_signal(SIGHUP);
  daemon.wait_for_errors(says("config_reloaded", times));
}

void stop(BackgroundProcess& daemon) {
  daemon.send_signal(SIGTERM);
  const CommandResult result = daemon.wait();
  INFO(result.errors);
  CHECK(result.status == 0);
}

}  // namespace

TEST_CASE("after a renewal, every metric of the documentation is shown, and no other; promtool has no complaint") {
  Host host;
  const auto port = free_port();
  monitor(host, listen_on(port));
  BackgroundProcess daemon(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
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
  const std::regex shown("# TYPE (gravitee_renewd_[a-z_]+) ");
  const std::regex documented("\\| `(gravitee_renewd_[a-z_]+)");
  CHECK(families_of(metrics, shown) == families_of(read_file(MONITORING_DOCUMENT), documented));
  stop(daemon);
}

TEST_CASE("a request that takes long, and ends in an error, is in the histogram and among the failures") {
  Host host({"--fault", "stall-after-request"});
  const auto port = free_port();
  host.configure({.certificate = {}, .keystore = {}, .http = {"request_timeout: 1s"}});
  monitor(host, listen_on(port));
  BackgroundProcess daemon(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
  daemon.wait_for_errors(says("renewal_failed"));
  const std::string metrics = get(port, "/metrics");
  CHECK(value_of(metrics, "renewal_failures_total{certificate=\"production\",class=\"timeout\"}") == "1");
  CHECK(value_of(metrics, "renewal_attempts_total{certificate=\"production\",result=\"failure\"}") == "1");
  CHECK(value_of(metrics, "request_duration_seconds_bucket{certificate=\"production\",le=\"0.5\"}") == "0");
  CHECK(value_of(metrics, "request_duration_seconds_bucket{certificate=\"production\",le=\"+Inf\"}") == "1");
  stop(daemon);
}

TEST_CASE("the daemon tells that it lives, that it is ready, and answers nothing else") {
  Host host({"--initial-days", "200"});
  const auto port = free_port();
  monitor(host, listen_on(port));
  BackgroundProcess daemon(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
  daemon.wait_for_errors(says("certificate_checked"));
  CHECK(get(port, "/healthz") == "well\n");
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

TEST_CASE("a client that sends nonsense gets an answer that says so, and harms nobody") {
  Host host({"--initial-days", "200"});
  const auto port = free_port();
  monitor(host, listen_on(port));
  BackgroundProcess daemon(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
  daemon.wait_for_errors(says("certificate_checked"));
  CHECK(contains(answer_to(port, std::string("\x16\x03\x01\x02\x00\x01", 6) + "\r\n\r\n"), "400 Bad Request"));
  CHECK(contains(answer_to(port, "GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"), "431 "));
  CHECK(contains(answer_to(port, std::string(100000, 'x')), "HTTP/1.1 4"));
  // The first of several at once is answered, and no other.
  const std::string one = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string answers = answer_to(port, one + one + one);
  CHECK(contains(answers, "200 OK"));
  CHECK(answers.find("HTTP/1.1", 1) == std::string::npos);
  CHECK(get(port, "/healthz") == "well\n");
  stop(daemon);
}

TEST_CASE("clients that hold thousands of connections open keep nobody out, and disturb no renewal") {
  Host host;
  const auto port = free_port();
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/sh, -c, \"while ! test -e " +
                                  (host / "go").string() + "; do sleep 0.1; done\"], timeout: 60s}}"},
                  .keystore = {},
                  .http = {}});
  monitor(host, listen_on(port));
  BackgroundProcess daemon(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
  daemon.wait_for_errors(says("keystore_installed"));

  asio::io_context io;
  std::vector<tcp::socket> hostile;
  for (int i = 0; i < 2000; ++i) {
    tcp::socket& socket = hostile.emplace_back(io);
    socket.connect({asio::ip::address_v4::loopback(), port});
    boost::system::error_code ignored;
    // Some say nothing, some begin, and some ask for much and read nothing.
    const std::string said = i % 3 == 0 ? "" : i % 3 == 1 ? "GET /met" : "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    asio::write(socket, asio::buffer(said), ignored);
    if (i % 500 == 0) {
      CHECK(contains(get(port, "/metrics"), "gravitee_renewd_build_info"));
    }
  }
  CHECK(value_of(get(port, "/metrics"), "activation_pending{certificate=\"production\"}") != "(absent)");
  const auto descriptors = std::filesystem::directory_iterator("/proc/" + std::to_string(daemon.pid()) + "/fd");
  CHECK(std::distance(begin(descriptors), end(descriptors)) < 100);
  write_file(host / "go", "");
  daemon.wait_for_errors(says("renewal_completed"));
  stop(daemon);
}

TEST_CASE("a renewal goes on while the port is taken, and the next reload serves where it can") {
  asio::io_context io;
  tcp::acceptor other(io, {asio::ip::address_v4::loopback(), 0});
  Host host;
  monitor(host, listen_on(other.local_endpoint().port()));
  BackgroundProcess daemon(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
  const std::string errors = daemon.wait_for_errors(says("config_rejected"));
  CHECK(contains(errors, "Address already in use"));
  daemon.wait_for_errors(says("renewal_completed"));
  const auto port = free_port();
  monitor(host, listen_on(port));
  reload(daemon, 1);
  CHECK(get(port, "/healthz") == "well\n");
  const auto another = free_port();
  monitor(host, listen_on(another));
  reload(daemon, 2);
  CHECK(get(another, "/healthz") == "well\n");
  CHECK(curl({url(port, "/healthz")}).status != 0);
  write_file(host.configuration(), "nonsense");
  daemon.send_signal(SIGHUP);
  daemon.wait_for_errors(says("config_rejected", 2));
  CHECK(value_of(get(another, "/metrics"), "config_last_reload_successful") == "0");
  stop(daemon);
}

TEST_CASE("a unix socket is for its owner and group, replaces what a killed daemon left, and goes with the daemon") {
  Host host({"--initial-days", "200"});
  const auto path = host / "metrics.sock";
  const auto ask = [&path] { return curl({"--unix-socket", path.string(), "http://localhost/healthz"}); };
  monitor(host, "{listen: \"unix:" + path.string() + "\"}");
  {
    BackgroundProcess killed(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
    killed.wait_for_errors(says("certificate_checked"));
    killed.send_signal(SIGKILL);
    killed.wait();
  }
  REQUIRE(std::filesystem::is_socket(path));
  BackgroundProcess daemon(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
  daemon.wait_for_errors(says("certificate_checked"));
  CHECK(ask().output == "well\n");
  CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms(0660));
  // Another daemon does not take it away.
  const Host other = host.another();
  monitor(other, "{listen: \"unix:" + path.string() + "\"}");
  BackgroundProcess second(other.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
  CHECK(contains(second.wait_for_errors(says("config_rejected")), "another process listens there"));
  stop(second);
  CHECK(ask().output == "well\n");
  stop(daemon);
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("the textfile is whole whenever it is read, and tells of the renewal") {
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
  BackgroundProcess daemon(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
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

TEST_CASE("a textfile that cannot be written is told once, and renewals go on; one that has moved is removed") {
  Host host;
  monitor(host, "{textfile: " + (host / "absent/gravitee.prom").string() + "}");
  BackgroundProcess daemon(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
  daemon.wait_for_errors(says("renewal_completed"));
  CHECK(contains(daemon.wait_for_errors(says("config_rejected")), "writing metrics.textfile"));
  monitor(host, "{textfile: " + (host / "one.prom").string() + "}");
  reload(daemon, 1);
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
  BackgroundProcess daemon(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
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
  CHECK(sees("gravitee_renewd_activation_pending", "0"));
  daemon.wait_for_errors(says("keystore_installed"));
  CHECK(sees("gravitee_renewd_renewal_attempts_total{result=\"success\"}", "0"));
  write_file(host / "go", "");
  CHECK(sees("gravitee_renewd_renewal_attempts_total{result=\"success\"}", "1"));
  CHECK(sees("gravitee_renewd_request_duration_seconds_count", "1"));
  stop(daemon);
}

TEST_CASE("the page is drawn by a browser, without a complaint") {
  if (!have_program("chromium")) {
    WARN("skipped: chromium is not installed (it is too large for scripts/bootstrap)");
    return;
  }
  Host host({"--initial-days", "200"});
  const auto port = free_port();
  monitor(host, listen_on(port));
  BackgroundProcess daemon(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
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
