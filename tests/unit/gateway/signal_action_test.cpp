#include <signal.h>

#include <string>

#include "gateway/gateway.hpp"
#include "gateway/process_handle.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"
#include "unit/gateway/running.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using renewd::testing::BackgroundProcess;
using renewd::testing::TemporaryDirectory;
using renewd::testing::write_file;

struct Signal : gateway::testing::GatewayUnderTest {
  Signal(int signal, std::filesystem::path pid_file)
      : GatewayUnderTest({.action = configuration::SignalGateway{std::move(pid_file), signal}}) {}
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a signal reaches the process of the pid file, and rehearsing sends none") {
  const TemporaryDirectory directory;
  BackgroundProcess process({"sh", "-c", "trap 'echo got it; exit 0' USR1; echo ready; while :; do sleep 0.1; done"});
  process.wait_for_output([](const std::string& text) { return contains(text, "ready"); });
  write_file(directory / "pid", std::to_string(process.pid()) + "\n");
  Signal signal(SIGUSR1, directory / "pid");

  const auto rehearsed = signal.rehearse();
  REQUIRE(rehearsed);
  CHECK_THAT(*rehearsed, ContainsSubstring("may send SIGUSR1 to process " + std::to_string(process.pid())));
  CHECK(::kill(process.pid(), 0) == 0);

  const auto activation = signal.activate();
  REQUIRE(activation);
  CHECK(activation->use == Use::not_confirmed);
  CHECK_THAT(activation->message, ContainsSubstring("SIGUSR1"));
  CHECK(signal.verify());
  const auto result = process.wait();
  CHECK(result.status == 0);
  CHECK(result.output == "ready\ngot it\n");
}

TEST_CASE("a stale pid file is an error") {
  const TemporaryDirectory directory;
  BackgroundProcess process({"true"});
  const pid_t pid = process.pid();
  process.wait();
  write_file(directory / "pid", std::to_string(pid));
  Signal signal(SIGTERM, directory / "pid");
  for (const auto& message : {signal.activate().error().message, signal.rehearse().error().message}) {
    CHECK_THAT(message, ContainsSubstring("No such process"));
    CHECK_THAT(message, ContainsSubstring((directory / "pid").string()));
  }
}

TEST_CASE("a pid file without a process number is an error") {
  const TemporaryDirectory directory;
  for (const char* content : {"", "\n", "gateway", "-5", "0", "1", "12 34", "12x", "+12", "99999999999999999999"}) {
    CAPTURE(content);
    write_file(directory / "pid", content);
    const auto activation = Signal(SIGTERM, directory / "pid").activate();
    REQUIRE_FALSE(activation);
    CHECK(activation.error().kind == ErrorKind::gateway);
    CHECK_THAT(activation.error().message, ContainsSubstring("holds no process number"));
  }
  CHECK_FALSE(Signal(SIGTERM, directory / "missing").activate());
  write_file(directory / "pid", std::string(100000, '1'));
  CHECK_FALSE(Signal(SIGTERM, directory / "pid").activate());
  write_file(directory / "pid", "  4242 \n");
  CHECK(read_pid_file(directory / "pid") == 4242);
}

TEST_CASE("SIGHUP and SIGUSR2 to a JVM are refused with the reason") {
  if (!renewd::testing::have_program("java")) {
    WARN("skipped: there is no java in PATH");
    return;
  }
  const TemporaryDirectory directory;
  write_file(directory / "Waiting.java",
             "public class Waiting {\n"
             "  public static void main(String[] arguments) throws Exception {\n"
             "    System.out.println(\"ready\");\n"
             "    Thread.sleep(600_000);\n"
             "  }\n"
             "}\n");
  BackgroundProcess jvm({"java", "-Xshare:auto", (directory / "Waiting.java").string()});
  jvm.wait_for_output([](const std::string& text) { return contains(text, "ready"); });
  write_file(directory / "pid", std::to_string(jvm.pid()));
  for (const int number : {SIGHUP, SIGUSR2}) {
    Signal signal(number, directory / "pid");
    for (const auto& message : {signal.activate().error().message, signal.rehearse().error().message}) {
      CHECK_THAT(message, ContainsSubstring("is a JVM, which " + signal_name(number) + " ends"));
    }
  }
  CHECK(::kill(jvm.pid(), 0) == 0);
  CHECK(Signal(SIGTERM, directory / "pid").activate());
  CHECK(jvm.wait().status == 128 + 15);
}
