// Hostile text in the state directory, a path, a certificate's names or a server's response must not control the
// operator's terminal, the log or the page.
#include <sys/stat.h>

#include <array>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/pseudo_terminal.hpp"

using namespace renewd::testing;

namespace {

// A title, a cleared screen, a hidden line, the other direction, line breaks that are none in ASCII, a C1 control, a
// tag.
constexpr std::string_view kHostile =
    "\x1b]0;owned\x07\x1b[2J\x1b[8m\r\b\x7f\u202ereversed\u2066\u2028\u2029\u200e\u061c\u009b31m\ufeff\u00ad\U000e0041";

// What must not be in anything that the binary prints. A terminal of ours gets the first two in colours.
constexpr std::array<std::string_view, 14> kRaw{
    "\x1b]",        "\x1b[2J",      "\x1b[8m",      "\x07",         "\r",       "\b",       "\x7f",
    "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\xa8", "\xe2\x80\x8e", "\xd8\x9c", "\xc2\x9b", "\xef\xbb\xbf"};

void check_printable(const std::string& text) {
  INFO(text);
  for (const std::string_view raw : kRaw) {
    CAPTURE(static_cast<int>(static_cast<unsigned char>(raw.back())));
    CHECK(text.find(raw) == std::string::npos);
  }
  CHECK(text.find("\xc2\xad") == std::string::npos);
  CHECK(text.find("\xf3\xa0\x81\x81") == std::string::npos);
}

// Off a terminal there are no colours either.
void check_without_controls(const CommandResult& result) {
  check_printable(result.output + result.errors);
  CHECK((result.output + result.errors).find('\x1b') == std::string::npos);
}

CommandResult command(const Host& host, const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = host.renew_command();
  argv.pop_back();
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run(argv);
}

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string(text));
}

std::string spoilt_record(const std::string& member) {
  boost::json::object record{
      {"serial", "0A"}, {"fingerprint", "FF"}, {"not_before", 1700000000}, {"not_after", 1900000000}};
  record[member] = kHostile;
  return boost::json::serialize(record);
}

// Every file of the state holds the hostile text, wherever one can: well formed otherwise.
void spoil_state(const Host& host) {
  std::filesystem::create_directories(host.state() / "generations");
  const std::string text = quoted(kHostile);
  write_file(host.state() / "attempts.json", R"({"failures_in_a_row":3,"last_failure":"gateway","last_message":)" +
                                                 text + R"(,"not_before":0,"days_announced":0,"expiry_announced":0})");
  write_file(host.state() / "observation.json",
             R"({"keystore":)" + text + R"(,"token":)" + text + R"(,"replacement":)" + text + R"(,"state":)" + text +
                 R"(,"activation":)" + text + R"(,"health":)" + text + R"(,"token_changed":9000000000000000})");
  write_file(host.state() / "history.jsonl",
             R"({"outcome":)" + text + R"(,"fingerprint":)" + text +
                 R"(,"ended":"2026-01-01T00:00:00Z"})"
                 "\n" +
                 R"({"outcome":"renewed","fingerprint":"FF","ended":"9999-12-31T23:59:59Z"})"
                 "\n" +
                 std::string(kHostile) + "\n");
  write_file(host.state() / "in-use", spoilt_record("serial"));
  write_file(host.state() / "generations.json", "{\"1\":" + spoilt_record("fingerprint") + "}");
  write_file(host.state() / "generations/1", std::string(kHostile));
  write_file(host.state() / "requests.json", "[9223372036854775807,-1," + text + "]");
  write_file(host.state() / "journal", std::string(kHostile));
  write_file(host.state() / ("answer-rejected-" + std::string(kHostile)), std::string(kHostile));
  write_file(host.state() / "lock", std::string(kHostile));
}

// Another process holds the lock of the daemon, and has written hostile text into it.
std::unique_ptr<BackgroundProcess> hold_lock(const Host& host, const std::filesystem::path& lock) {
  write_file(host / "holder", std::string(kHostile));
  auto holder = std::make_unique<BackgroundProcess>(
      std::vector<std::string>{"flock", lock.string(), "sh", "-c", "cat \"$1\" > \"$2\"; echo held; exec sleep 120",
                               "sh", (host / "holder").string(), lock.string()});
  holder->wait_for_output([](const std::string& output) { return output.find("held") != std::string::npos; });
  return holder;
}

}  // namespace

TEST_CASE("every command escapes hostile text from every file of the state") {
  Host host;
  spoil_state(host);
  const auto holder = hold_lock(host, host / "state/daemon.lock");
  for (const std::vector<std::string>& looks : std::vector<std::vector<std::string>>{
           {"status"}, {"plan"}, {"check"}, {"validate"}, {"renew", "--dry-run"}, {"rollback", "production"}}) {
    CAPTURE(looks.front());
    check_without_controls(command(host, looks));
  }
  // The failure is remembered all the same, with its words.
  const CommandResult shown = command(host, {"plan"});
  CHECK_THAT(shown.output, ContainsSubstring("gateway: \\x1b]0;owned\\x07\\x1b[2J"));
  for (const std::vector<std::string>& looks :
       std::vector<std::vector<std::string>>{{"status", "--json"}, {"plan", "--json"}}) {
    const CommandResult result = command(host, looks);
    check_without_controls(result);
    CHECK(boost::json::parse(result.output).as_object().contains("certificates"));
  }
}

TEST_CASE("hostile text in the state reaches a terminal escaped, with only the program's own colours") {
  Host host;
  spoil_state(host);
  const auto holder = hold_lock(host, host / "state/daemon.lock");
  for (const char* const looks : {"status", "plan"}) {
    std::vector<std::string> argv = host.renew_command();
    argv.back() = looks;
    PseudoTerminal terminal(argv);
    CHECK(terminal.wait() == 0);
    std::string screen = terminal.screen();
    std::erase(screen, '\r');  // the terminal's own, before each line break
    check_printable(screen);
    CHECK_THAT(screen, ContainsSubstring("\\x1b]0;owned"));
  }
}

TEST_CASE("hostile text from the state and the gateway is escaped in the log and on the page") {
  Host host;
  spoil_state(host);
  write_file(host / "words", std::string(kHostile) + "\n");
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/sh, -c, \"cat " + (host / "words").string() +
                                  " >&2; exit 1\"]}}"},
                  .keystore = {},
                  .http = {}});
  write_file(host.configuration(),
             read_file(host.configuration()) + "metrics: {listen: \"unix:" + (host / "socket").string() + "\"}\n");
  BackgroundProcess daemon(host.daemon_command());
  const std::string log = daemon.wait_for_errors(
      [](const std::string& errors) { return errors.find("\"event\":\"renewal_failed\"") != std::string::npos; });
  check_printable(log);
  CHECK_FALSE(parse_events(log).empty());
  for (const char* const path : {"/", "/metrics", "/healthz", "/readyz"}) {
    const CommandResult page = run({"curl", "--silent", "--max-time", "20", "--unix-socket", (host / "socket").string(),
                                    std::string("http://localhost") + path});
    CHECK(page.status == 0);
    check_printable(page.output);
  }
}

TEST_CASE("paths, arguments and configurations are escaped in messages") {
  Host host;
  const std::string name = std::string("a") + std::string(kHostile) + ".yaml";
  for (const std::string& text :
       {std::string("certificates: [{name: \"a\\e[2J\\u202E\", \"k\\u2028ey\": \"\\b\"}]\n"),
        std::string("certificates: ["), std::string(kHostile),
        std::string("state_directory: \"/tmp/\\u202E\\e[2J\"\nlog: {level: \"\\e[2J\\u202E\"}\n"
                    "metrics: {listen: \"\\u2066\\a\", textfile: \"/\\x7F\"}\n")}) {
    write_file(host / name, text);
    for (const char* const looks : {"validate", "status", "plan", "check", "run", "renew"}) {
      CAPTURE(text, looks);
      check_without_controls(run({host.renew_command().at(0), "--config", (host / name).string(), looks}));
    }
  }
  const std::string hostile(kHostile);
  check_without_controls(command(host, {hostile}));
  check_without_controls(command(host, {"--" + hostile}));
  check_without_controls(command(host, {"check", "--warning", hostile}));
  check_without_controls(command(host, {"check", hostile}));
  check_without_controls(command(host, {"renew", hostile}));
  check_without_controls(command(host, {"inspect", "/none/" + hostile}));
  check_without_controls(command(host, {"inspect", host.keystore().string(), "--password-file", "/none/" + hostile}));
}

TEST_CASE("names in a certificate and an alias are escaped, also in JSON") {
  Host host;
  const std::string key = (host / "key.pem").string();
  const std::string certificate = (host / "certificate.pem").string();
  const std::string keystore = (host / "named.p12").string();
  // What openssl passes on of it: no DEL, no tag, and nothing that its own syntax has.
  const std::string name = "\x1b[2J\u202e\u2028\ufeff\u009b31m";
  run_or_throw({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8",
                "-subj", "/CN=" + name, "-keyout", key, "-out", certificate});
  run_or_throw({"openssl", "pkcs12", "-export", "-inkey", key, "-in", certificate, "-name", name, "-passout",
                std::string("pass:") + kKeystorePassword, "-out", keystore});
  const std::string password = (host / "password").string();
  const CommandResult text = command(host, {"inspect", keystore, "--password-file", password});
  CHECK(text.status == 0);
  check_without_controls(text);
  const CommandResult json = command(host, {"inspect", keystore, "--password-file", password, "--json"});
  check_without_controls(json);
  CHECK_THAT(std::string(boost::json::parse(json.output).as_object().at("alias").as_string()),
             StartsWith("\\x1b[2J\\xe2\\x80\\xae"));
}
