#include "jvm_gateway.hpp"

#include <signal.h>

#include "support/command.hpp"

namespace renewd::testing {
JvmGateway::JvmGateway(Host& host) : host_(host) {
  write_file(password_file(), std::string(kKeystorePassword) + "\n");
  restart();
}

JvmGateway::~JvmGateway() {
  if (runs()) {
    ::kill(static_cast<pid_t>(std::stol(read_file(host_ / "gateway.pid"))), SIGKILL);
  }
}

std::string JvmGateway::setting() const {
  std::string words;
  for (const auto& word : restart_command()) {
    words += (words.empty() ? "" : ", ") + word;
  }
  // However busy the machine is.
  return "gateway: {command: {argv: [" + words + "], timeout: 10m}}";
}

bool JvmGateway::runs() const {
  return run({"flock", "--nonblock", (host_ / "gateway.lock").string(), "true"}).status != 0;
}

std::string JvmGateway::serial() const {
  if (!runs()) {
    return "";
  }
  const std::string log = read_file(host_ / "gateway.log");
  const std::string says = "uses serial ";
  const auto begin = log.find(says);
  return begin == std::string::npos ? "" : log.substr(begin + says.size(), log.find(',', begin) - begin - says.size());
}

std::vector<std::string> JvmGateway::restart_command() const {
  return {RESTART_JVM_GATEWAY, host_.directory().string(), host_.keystore().filename().string(), GATEWAY_SOURCE};
}

void JvmGateway::restart() const {
  run_or_throw(restart_command());
}

}  // namespace renewd::testing
