#include "integration/watching.hpp"

#include <signal.h>

#include <regex>
#include <sstream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "support/catch.hpp"

namespace renewd::testing {

namespace asio = boost::asio;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::function<bool(const std::string&)> says(const std::string& event, std::size_t times) {
  return [event, times](const std::string& errors) {
    std::size_t found = 0;
    const std::string name = "\"event\":\"" + event + "\"";
    for (auto at = errors.find(name); at != std::string::npos; at = errors.find(name, at + 1)) {
      ++found;
    }
    return found >= times;
  };
}

void monitor(const Host& host, const std::string& metrics) {
  static const std::regex kSection("metrics: .*\n");
  const std::string text = std::regex_replace(read_file(host.configuration()), kSection, "");
  write_file(host.configuration(), text + "metrics: " + metrics + "\n");
}

std::string listen_on(std::uint16_t port) {
  return "{listen: \"127.0.0.1:" + std::to_string(port) + "\"}";
}

BackgroundProcess start_daemon(const Host& host) {
  constexpr std::chrono::seconds kDeadline{60};
  return BackgroundProcess(host.daemon_command(), {.environment = {}, .input = {}, .deadline = kDeadline});
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

std::uint16_t free_port() {
  asio::io_context io;
  return asio::ip::tcp::acceptor(io, {asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
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

std::string value_of(const std::string& metrics, const std::string& sample) {
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("gravitee_renewd_" + sample + " ")) {
      return line.substr(line.rfind(' ') + 1);
    }
  }
  return "(absent)";
}

}  // namespace renewd::testing
