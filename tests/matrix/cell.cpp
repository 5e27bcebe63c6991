#include "matrix/cell.hpp"

#include <signal.h>

#include <chrono>
#include <exception>
#include <optional>
#include <set>

#include "integration/watching.hpp"
#include "matrix/secrets.hpp"
#include "support/host.hpp"
#include "support/tcp_proxy.hpp"

namespace renewd::testing {
namespace {

// "proxy:" and its password, as the header has them.
constexpr const char* kProxyCredentials = "cHJveHk6cGFzc3dvcmQtNnRSdjEtb2YtdGhlLXByb3h5";
// Far more than any attempt may take: the longest waits of the daemon are those of its short deadlines.
constexpr std::chrono::seconds kBound{90};

std::uint16_t port_of(const Simulator& cloud) {
  return static_cast<std::uint16_t>(std::stoul(cloud.url().substr(cloud.url().rfind(':') + 1)));
}

std::set<std::string> files_below(const std::filesystem::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    names.insert(entry.path().lexically_relative(directory).string());
  }
  return names;
}

// What a completed renewal leaves of the state: no journal, and no answer but one that was rejected. A daemon keeps
// what it has seen and planned as well.
bool belongs_to_idle_state(const std::string& file, Runner runner) {
  static const std::set<std::string> kFiles{"lock",          "history.jsonl", "requests.json",    "generations",
                                            "generations/1", "generations/2", "generations.json", "in-use"};
  static const std::set<std::string> kOfDaemon{"attempts.json", "observation.json"};
  return kFiles.contains(file) || file.starts_with("answer-rejected-") ||
         (runner == Runner::daemon && kOfDaemon.contains(file));
}

class Trial {
 public:
  Trial(const Fault& fault, const Cell& cell, const std::filesystem::path& jks)
      : fault_(fault),
        cell_(cell),
        host_({"--fault", fault.name}, cell.kind == Kind::pem ? Target::pem : Target::pkcs12) {
    if (cell.kind == Kind::jks) {
      std::filesystem::copy_file(jks, host_ / "installed.jks");
      std::filesystem::remove(host_.keystore());
      host_.use_keystore(host_ / "installed.jks");
    }
    if (cell.route == Route::proxy) {
      proxy_.emplace(port_of(host_.cloud()), kProxyCredentials);
    }
    configure(fault.special == Special::silent);
    beside_ = names_beside();
  }

  Verdict run() {
    if (fault_.special == Special::second_connection) {
      const CommandResult rehearsed = command({"renew", "--dry-run"});
      expect(rehearsed.status == 0, "the rehearsal failed");
    }
    const Snapshot before = snapshot(host_.keystore());
    const std::string errors = meet_fault();
    check_outcome(errors, before);
    look_for_secrets();
    end_fault();
    renew_without_fault();
    check_renewed();
    expect(!proxy_ || !proxy_->connected().empty(), "the proxy was not used");
    problems_.insert(problems_.end(), secrets_.problems().begin(), secrets_.problems().end());
    return {problems_, log_};
  }

 private:
  void expect(bool holds, const std::string& problem) {
    if (!holds) {
      problems_.push_back(problem);
    }
  }

  std::string failure_class() const {
    const bool other = cell_.route == Route::proxy && !fault_.class_through_proxy.empty();
    return other ? fault_.class_through_proxy : fault_.failure_class;
  }

  void configure(bool short_deadlines) {
    Extra extra;
    // A whole answer must have the time to arrive before the silence.
    const bool arrives = fault_.failure_class.empty();
    extra.http = {"connect_timeout: 30s", "request_timeout: 60s"};
    if (short_deadlines) {
      extra.http = {arrives ? "connect_timeout: 10s" : "connect_timeout: 1s",
                    arrives ? "request_timeout: 10s" : "request_timeout: 2s"};
    }
    std::string url = host_.cloud().account_url();
    if (proxy_) {
      extra.http.push_back("proxy: \"http://proxy@127.0.0.1:" + std::to_string(proxy_->port()) + "\"");
      extra.http.push_back("proxy_password: {file: " + (host_ / "proxy-password").string() + "}");
      // An address of this host that the daemon does not reach without a proxy, as it does those of loopback.
      url.replace(url.find("127.0.0.1"), std::string("127.0.0.1").size(), "0.0.0.0");
    }
    // What the gateway's command sees of the daemon, and gets from it.
    extra.certificate = {
        "gateway: {command: {argv: [/bin/sh, -c, \"echo restarted >> " + (host_ / "restarts").string() +
        "; cat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline > " + (host_ / "seen").string() + "\"]}}"};
    host_.write_configuration(host_.certificate_yaml("production", url, extra), extra);
    std::string text = read_file(host_.configuration());
    const std::string log = "log: {format: json}";
    text.replace(text.find(log), log.size(), "log: {format: json, level: debug}");
    write_file(host_.configuration(), text + "metrics: {listen: \"unix:" + (host_ / "page.sock").string() +
                                          "\", textfile: " + (host_ / "metrics.prom").string() + "}\n");
  }

  CommandResult command(const std::vector<std::string>& words) {
    std::vector<std::string> argv = host_.renew_command();
    argv.pop_back();
    argv.insert(argv.end(), words.begin(), words.end());
    CommandResult result = testing::run(argv, {.environment = {}, .input = {}, .deadline = kBound});
    log_ += "--- " + words.front() + ": " + std::to_string(result.status) + "\n" + result.output + result.errors;
    secrets_.learn_answers(host_);
    secrets_.search("the output of " + words.front(), result.output + result.errors);
    return result;
  }

  // What was logged.
  std::string meet_fault() {
    if (cell_.runner == Runner::daemon) {
      return run_daemon();
    }
    const CommandResult result = command({"renew"});
    expect((result.status == 0) == fault_.failure_class.empty(), "exit status " + std::to_string(result.status));
    return result.errors;
  }

  std::string run_daemon() {
    BackgroundProcess daemon(host_.daemon_command(), {.environment = {}, .input = {}, .deadline = kBound});
    const auto failed = says("renewal_failed");
    const auto completed = says("renewal_completed");
    daemon.wait_for_errors([&](const std::string& errors) { return failed(errors) || completed(errors); });
    secrets_.learn_answers(host_);
    secrets_.search_process(daemon.pid());
    for (const std::string path : {"/", "/metrics"}) {
      const CommandResult page =
          curl({"--fail", "--unix-socket", (host_ / "page.sock").string(), "http://localhost" + path});
      expect(page.status == 0, "the page " + path + " was not served: " + page.errors);
      secrets_.search("the page " + path, page.output);
    }
    secrets_.search_memory(daemon.pid());
    daemon.send_signal(SIGTERM);
    const CommandResult result = daemon.wait();
    log_ += "--- run: " + std::to_string(result.status) + "\n" + result.output + result.errors;
    expect(result.status == 0, "the daemon ended with " + std::to_string(result.status));
    secrets_.search("the daemon's log", result.output + result.errors);
    secrets_.search("the metrics", read_file(host_ / "metrics.prom"));
    return result.errors;
  }

  void check_outcome(const std::string& errors, const Snapshot& before) {
    const Events events = parse_events(errors);
    const auto failed = find_event(events, "renewal_failed");
    const bool has_completed = find_event(events, "renewal_completed").has_value();
    if (fault_.failure_class.empty()) {
      expect(has_completed && !failed, "the whole answer was not used");
      return;
    }
    const std::string found = failed ? field(*failed, "class") : "none";
    expect(found == failure_class() || (!fault_.other_class.empty() && found == fault_.other_class),
           "class " + found + " instead of " + failure_class());
    expect(!has_completed, "it was renewed");
    expect(snapshot(host_.keystore()) == before, "the keystore was changed");
    expect(host_.restarts() == 0, "the gateway was restarted");
    expect(names_beside() == beside_, "something was left beside the keystore");
  }

  void look_for_secrets() {
    command({"status", "--json"});
    if (cell_.runner == Runner::renew) {
      command({"check"});
    }
    secrets_.search_state(host_ / "state");
  }

  void end_fault() {
    BackgroundProcess& cloud = host_.cloud().process();
    cloud.send_signal(SIGUSR1);
    cloud.wait_for_output([](const std::string& output) { return contains(output, "without fault"); });
    requests_before_ = host_.cloud().request_count();
  }

  void renew_without_fault() {
    configure(false);
    const CommandResult next = command({"renew"});
    expect(next.status == 0, "the renewal after the fault failed");
    const std::size_t asked = host_.cloud().request_count() - requests_before_;
    const std::size_t wanted = fault_.failure_class.empty() ? 0 : 1;
    expect(asked == wanted, std::to_string(asked) + " requests after the fault instead of " + std::to_string(wanted));
    if (wanted == 0) {
      expect(requests_before_ == 1, std::to_string(requests_before_) + " requests for one certificate");
    }
  }

  void check_renewed() {
    const auto issued = host_.cloud().issued();
    if (issued.empty()) {
      expect(false, "no certificate was issued");
      return;
    }
    if (cell_.kind != Kind::pem) {
      expect(read_file(host_.keystore()) == read_file(issued.back()), "the keystore is not the last that was issued");
    }
    expect(host_.restarts() == 1, std::to_string(host_.restarts()) + " restarts instead of 1");
    for (const auto& file : files_below(host_.state())) {
      expect(belongs_to_idle_state(file, cell_.runner), "left in the state: " + file);
    }
    if (cell_.runner == Runner::daemon) {
      const CommandResult status = command({"status", "--json"});
      expect(contains(status.output, "\"failing_since\":null"), "it is said to be failing still");
    }
    secrets_.search_state(host_ / "state");
    secrets_.search("what the gateway's command sees", read_file(host_ / "seen"));
  }

  std::set<std::string> names_beside() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(host_.directory())) {
      const std::string name = entry.path().filename().string();
      if (name != "state" && name != "metrics.prom" && name != "page.sock") {
        names.insert(name);
      }
    }
    return names;
  }

  const Fault& fault_;
  const Cell cell_;
  Host host_;
  std::optional<TcpProxy> proxy_;
  std::set<std::string> beside_;
  std::size_t requests_before_ = 0;
  SecretSearch secrets_;
  std::vector<std::string> problems_;
  std::string log_;
};

}  // namespace

std::vector<Cell> cells_of(std::size_t number) {
  return {{Kind::pkcs12, Route::direct, Runner::renew},
          {Kind::pem, Route::proxy, Runner::renew},
          {Kind::jks, number % 2 == 0 ? Route::proxy : Route::direct, Runner::daemon}};
}

std::string to_string(const Cell& cell) {
  const std::string kind = cell.kind == Kind::pkcs12 ? "PKCS#12" : cell.kind == Kind::pem ? "PEM" : "JKS";
  return kind + (cell.route == Route::proxy ? " through the proxy" : " directly") +
         (cell.runner == Runner::daemon ? ", by the daemon" : "");
}

Verdict run_cell(const Fault& fault, const Cell& cell, const std::filesystem::path& jks) {
  try {
    return Trial(fault, cell, jks).run();
  } catch (const std::exception& error) {
    return {{error.what()}, {}};
  }
}

}  // namespace renewd::testing
