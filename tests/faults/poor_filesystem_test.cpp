// The real binary on file systems that lack what a renewal would like to have: CIFS and FUSE cannot sync a directory,
// and many refuse to change owners and modes, even to what they are.

#include <unistd.h>

#include <algorithm>

#include "faults/trial.hpp"
#include "support/catch.hpp"
#include "support/strace.hpp"

using namespace renewd::testing;

namespace {

std::ptrdiff_t warnings(const CommandResult& result) {
  const Events events = parse_events(result.errors);
  return std::count_if(events.begin(), events.end(), [](const auto& event) {
    return field(event, "level") == "warning" && field(event, "message").starts_with("cannot sync the directory");
  });
}

}  // namespace

TEST_CASE("renews where directories cannot be synced, and says so once for each") {
  const std::string error = GENERATE("EINVAL", "ENOSYS", "EOPNOTSUPP");
  CAPTURE(error);
  const Host prepared;
  Trial trial(prepared, GatewayKind::command);
  const Host& host = trial.host();
  const std::vector<std::filesystem::path> directories{host.directory(), host / "state", host.state(),
                                                       host.state() / "generations"};
  const Injected injected = fail_each(host, {"fsync"}, error, directories);
  INFO(injected.result.errors);
  REQUIRE(injected.happened);
  CHECK(injected.result.status == 0);
  CHECK(warnings(injected.result) == std::ssize(directories));
  trial.check_ended();
}

TEST_CASE("requests nothing where files cannot be locked, and the dry run says so") {
  const std::string error = GENERATE("ENOLCK", "EOPNOTSUPP");
  CAPTURE(error);
  const Host prepared;
  Trial trial(prepared, GatewayKind::command);
  const Host& host = trial.host();
  const Injected renewal = fail_each(host, {"flock"}, error, {});
  INFO(renewal.result.errors);
  REQUIRE(renewal.happened);
  CHECK(renewal.result.status == 1);
  CHECK_THAT(renewal.result.errors, ContainsSubstring("the file system lacks flock"));
  CHECK(host.cloud().requests().empty());
  std::vector<std::string> rehearsal{"strace", "-f",          "-o", (host / "rehearsal.strace").string(),
                                     "-e",     "trace=flock", "-e", "inject=flock:error=" + error};
  for (const auto& word : host.renew_command()) {
    rehearsal.push_back(word);
  }
  rehearsal.emplace_back("--dry-run");
  const CommandResult dry = run(rehearsal, without_leak_check());
  INFO(dry.output << dry.errors);
  CHECK(dry.status == 1);
  CHECK_THAT(dry.output, ContainsSubstring("FAILED: locking") && ContainsSubstring("the file system lacks flock"));
}

TEST_CASE("renews where owner, mode and ACL cannot be changed, but are already right") {
  const std::string error = GENERATE("EPERM", "EOPNOTSUPP", "ENOSYS");
  CAPTURE(error);
  const Host prepared;
  std::filesystem::permissions(prepared.keystore(), std::filesystem::perms(0600));
  REQUIRE(::chown(prepared.keystore().c_str(), ::geteuid(), ::getegid()) == 0);
  Trial trial(prepared, GatewayKind::command);
  // Nothing is injected where none of it is called.
  const Injected changing = fail_each(trial.host(), {"fchmod", "fchown", "fsetxattr", "fremovexattr"}, error, {});
  INFO(changing.result.errors);
  CHECK(changing.result.status == 0);
  trial.check_ended();
}

TEST_CASE("renews where a file system does not support ACLs") {
  const std::string error = GENERATE("EOPNOTSUPP", "ENOSYS", "EINVAL");
  CAPTURE(error);
  const Host prepared;
  Trial trial(prepared, GatewayKind::command);
  const Injected injected = fail_each(trial.host(), {"fgetxattr"}, error, {});
  INFO(injected.result.errors);
  REQUIRE(injected.happened);
  CHECK(injected.result.status == 0);
  trial.check_ended();
}

TEST_CASE("requests nothing where a new keystore could not get the mode of the installed one") {
  const Host prepared;
  std::filesystem::permissions(prepared.keystore(), std::filesystem::perms(0640));
  Trial trial(prepared, GatewayKind::command);
  const Injected injected = fail_each(trial.host(), {"fchmod"}, "EPERM", {});
  INFO(injected.result.errors);
  REQUIRE(injected.happened);
  CHECK(injected.result.status == 1);
  CHECK(trial.requests() == 0);
  CHECK(trial.check_keystore() == Trial::Keystore::old_one);
  trial.check_no_temporary_file();
  trial.check_next_run();
}
