// The real binary, killed before each call with which it changes files, sockets and processes: whatever the moment, the
// keystore is whole, and the next run brings the renewal to its end.

#include <map>

#include "faults/trial.hpp"
#include "support/catch.hpp"
#include "support/strace.hpp"

using namespace renewd::testing;

namespace {

// Calls whose effects outlive the process. Before a call that only reads (read, stat), the state is as before the
// previous one.
const std::vector<std::string> kCalls = {"openat",    "mkdir",        "mkdirat",         "write",
                                         "writev",    "pwrite64",     "ftruncate",       "fallocate",
                                         "fsync",     "fdatasync",    "sync_file_range", "fchmod",
                                         "fchmodat",  "chmod",        "fchown",          "fchownat",
                                         "fsetxattr", "fremovexattr", "rename",          "renameat",
                                         "renameat2", "link",         "linkat",          "symlink",
                                         "symlinkat", "unlink",       "unlinkat",        "rmdir",
                                         "utimensat", "flock",        "socket",          "connect",
                                         "shutdown",  "sendto",       "sendmsg",         "recvfrom",
                                         "recvmsg",   "pipe2",        "clone",           "clone3",
                                         "fork",      "vfork",        "pidfd_open",      "pidfd_send_signal",
                                         "kill",      "wait4",        "waitid",          "exit_group"};

// Fewer would mean that the recording is incomplete, not that a renewal has become that simple.
constexpr int kFewest = 70;

// A pipe, and a byte written into it, are how the sanitizers find out whether memory can be read. The daemon's own pipe
// is closed on exec, and what it writes into one goes to standard output or error.
bool is_of_a_sanitizer(const Call& call) {
  if (call.name == "pipe2") {
    return call.text.find("O_CLOEXEC") == std::string::npos;
  }
  return call.name == "write" && call.text.find("<pipe:[") != std::string::npos && !call.text.starts_with("write(1<") &&
         !call.text.starts_with("write(2<");
}

// Of the files that are opened, most are only read: three quarters of all calls in kCalls.
bool only_opens(const Call& call) {
  return call.name == "openat" && !call.creates_file();
}

struct Tally {
  int killed = 0;
  int not_reached = 0;
  std::map<std::string, int> by_name;
};

std::string described(const Tally& tally) {
  static int in_all = 0;  // of the test cases that this process runs
  in_all += tally.killed;
  std::string text = "killed at " + std::to_string(tally.killed) + " calls:";
  for (const auto& [name, count] : tally.by_name) {
    text += " " + name + " " + std::to_string(count);
  }
  return text + "; not reached again: " + std::to_string(tally.not_reached) +
         "; with the cases before: " + std::to_string(in_all);
}

// A host of `prepared`'s kind is renewed, with as many others killed on the way as there are calls to be killed at.
void kill_at_every_call(const Host& prepared, GatewayKind gateway) {
  Trial untroubled(prepared, gateway);
  const Recording recording = record(untroubled.host(), kCalls);
  INFO(recording.result.output << recording.result.errors);
  untroubled.check_ended();

  Tally tally;
  for (const Call& call : recording.calls) {
    if (is_of_a_sanitizer(call) || only_opens(call)) {
      continue;
    }
    INFO("killed before " << call.description());
    Trial trial(prepared, gateway);
    const Injected killed = kill_before(trial.host(), call);
    INFO(killed.result.output << killed.result.errors);
    if (!killed.happened) {
      // How an answer is cut into packets is up to the network.
      ++tally.not_reached;
      trial.check_ended();
      continue;
    }
    ++tally.killed;
    ++tally.by_name[call.name];
    trial.check_keystore();
    trial.check_next_run();
  }
  WARN(described(tally));
  CHECK(tally.killed >= kFewest);
}

void kill_at_every_call(Target target, GatewayKind gateway) {
  const Host prepared({}, target);
  give_acl(prepared.keystore());
  kill_at_every_call(prepared, gateway);
}

}  // namespace

TEST_CASE("killed at any call, a renewal of a PKCS#12 keystore with a gateway command is completed by the next run") {
  kill_at_every_call(Target::pkcs12, GatewayKind::command);
}

TEST_CASE("killed at any call, a renewal of a PKCS#12 keystore without a gateway is completed by the next run") {
  kill_at_every_call(Target::pkcs12, GatewayKind::none);
}

TEST_CASE("killed at any call, a renewal of a PEM keystore with a gateway command is completed by the next run") {
  kill_at_every_call(Target::pem, GatewayKind::command);
}

TEST_CASE("killed at any call, a renewal of a PEM keystore without a gateway is completed by the next run") {
  kill_at_every_call(Target::pem, GatewayKind::none);
}

TEST_CASE("killed again at any call of the run that resumes from the stored answer, the renewal is completed, too") {
  const Host prepared;
  give_acl(prepared.keystore());
  const Host crashed = prepared.another();
  crash_with_answer_stored(crashed);
  kill_at_every_call(crashed, GatewayKind::command);
}

TEST_CASE("killed at any call, a gateway that refuses the new keystore has the previous one after the next run") {
  kill_at_every_call(Target::pkcs12, GatewayKind::refusing);
}
