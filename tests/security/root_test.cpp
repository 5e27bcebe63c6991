// Root, without a service on the host, in directories that others own or can write to: nothing is done there with
// root's privileges, nothing is requested, every command ends and says why. With a service:
// tests/system/hostile_gateway.

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

namespace fs = std::filesystem;

constexpr uid_t kGateway = 3456;

bool is_root() {
  if (::geteuid() != 0) {
    WARN("skipped: it is about root");
    return false;
  }
  return true;
}

void give(const fs::path& path) {
  REQUIRE(::lchown(path.c_str(), kGateway, kGateway) == 0);
}

struct Command {
  std::vector<std::string> words;
  int refused;  // its exit status
};
const std::vector<Command> kCommands = {{{"renew"}, 1},
                                        {{"renew", "--force"}, 1},
                                        {{"renew", "--dry-run"}, 1},
                                        {{"activate", "production"}, 1},
                                        {{"rollback", "production"}, 1},
                                        {{"status"}, 1},
                                        {{"status", "--json"}, 1},
                                        {{"check"}, 3},
                                        {{"plan"}, 1},
                                        {{"validate", "--strict"}, 2},
                                        {{"run"}, 1}};

CommandResult run_on(const Host& host, const std::vector<std::string>& words) {
  std::vector<std::string> argv = host.daemon_command();
  argv.pop_back();
  argv.insert(argv.end(), words.begin(), words.end());
  return run(argv, {.environment = {}, .input = {}, .deadline = std::chrono::seconds(60)});
}

std::string words_of(const CommandResult& result) {
  return result.output + result.errors;
}

// A host with a renewal behind it and, outside of the state, a program of root with the set-user-id bit.
struct Attacked {
  Host host;
  fs::path program = host / "program";
  fs::path secret = host / "directory/secret";

  Attacked() {
    REQUIRE(host.renew({"--force"}).status == 0);
    write_file(program, "a program of root");
    REQUIRE(::chmod(program.c_str(), 04755) == 0);
    fs::create_directory(host / "directory");
    write_file(secret, "only for root");
    REQUIRE(::chmod(secret.c_str(), 0600) == 0);
    before_ = snapshots();
  }

  // Every command but the daemon, to its end; none of them touches what is root's.
  std::string run_all() {
    std::string said;
    for (const auto& [words, refused] : kCommands) {
      if (words.front() != "run") {
        said += words_of(run_on(host, words));
      }
    }
    return said;
  }

  void check_unharmed() const {
    CHECK(snapshots() == before_);
    CHECK(names(host / "directory") == std::vector<std::string>{"secret"});
    struct stat status{};
    REQUIRE(::stat(program.c_str(), &status) == 0);
    for (const auto& entry : fs::recursive_directory_iterator(host.directory())) {
      if (entry.is_regular_file() && !fs::equivalent(entry.path(), program)) {
        CHECK((fs::status(entry.path()).permissions() & (fs::perms::set_uid | fs::perms::set_gid)) == fs::perms::none);
      }
      if (entry.is_regular_file() && !entry.is_symlink() && entry.path() != secret) {
        CHECK(read_file(entry.path()).find("only for root") == std::string::npos);
      }
    }
  }

 private:
  static std::vector<std::string> names(const fs::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  std::vector<Snapshot> snapshots() const { return {snapshot(program), snapshot(secret)}; }

  std::vector<Snapshot> before_;
};

}  // namespace

TEST_CASE("every command refuses a state directory of another user, and names it") {
  if (!is_root()) {
    return;
  }
  Host host;
  REQUIRE(host.renew({"--force"}).status == 0);
  const auto asked = host.cloud().request_count();
  const std::string why = GENERATE("belongs to uid 3456", "chmod 0700");
  if (why.starts_with("belongs")) {
    give(host / "state");
  } else {
    REQUIRE(::chmod((host / "state").c_str(), 0777) == 0);
  }
  const Snapshot keystore = snapshot(host.keystore());
  for (const auto& [words, refused] : kCommands) {
    INFO(words.front());
    const CommandResult result = run_on(host, words);
    CHECK(result.status == refused);
    CHECK_THAT(words_of(result), ContainsSubstring((host / "state").string()) && ContainsSubstring(why));
  }
  CHECK(snapshot(host.keystore()) == keystore);
  CHECK(host.cloud().request_count() == asked);
}

TEST_CASE("root replaces no keystore in a directory that others can change, and requests none") {
  if (!is_root()) {
    return;
  }
  Attacked attacked;
  Host& host = attacked.host;
  const fs::path home = host / "home";
  fs::create_directories(home / "config");
  host.use_keystore(home / "config/keystore.p12");
  fs::rename(host / "keystore.p12", host.keystore());
  host.configure();
  const auto asked = host.cloud().request_count();
  SECTION("his directory") {
    give(home / "config");
  }
  SECTION("his directory, with a link to a program of root") {
    fs::remove(host.keystore());
    fs::create_symlink(attacked.program, host.keystore());
    give(host.keystore());
    give(home / "config");
  }
  SECTION("the directory above is his") {
    give(home);
  }
  SECTION("everyone can write to it") {
    REQUIRE(::chmod((home / "config").c_str(), 0777) == 0);
  }
  const std::string said = attacked.run_all();
  CHECK_THAT(said, ContainsSubstring("root does not write where other users can") || ContainsSubstring("PKCS#12"));
  attacked.check_unharmed();
  CHECK(host.cloud().request_count() == asked);
}

TEST_CASE("no command follows, waits for or shows the target of a link, hard link or FIFO in the state") {
  if (!is_root()) {
    return;
  }
  Attacked attacked;
  const fs::path state = attacked.host.state();
  SECTION("the history is a link") {
    fs::remove(state / "history.jsonl");
    fs::create_symlink(attacked.secret, state / "history.jsonl");
  }
  SECTION("every file is a link") {
    for (const auto* file : {"journal", "answer", "attempts.json", "observation.json", "requests.json",
                             "generations.json", "in-use", "lock", ".journal.gravitee-renewd", ".answer.room"}) {
      fs::remove(state / file);
      fs::create_symlink(attacked.secret, state / file);
    }
  }
  SECTION("the generations are a link") {
    fs::remove_all(state / "generations");
    fs::create_directory_symlink(attacked.host / "directory", state / "generations");
  }
  SECTION("the state directory is a link") {
    fs::remove_all(state);
    fs::create_directory_symlink(attacked.host / "directory", state);
  }
  SECTION("the lock is a hard link to a program") {
    fs::remove(state / "lock");
    fs::create_hard_link(attacked.program, state / "lock");
  }
  SECTION("the daemon's lock is a fifo, and so is the journal") {
    fs::remove(attacked.host / "state/daemon.lock");
    fs::remove(state / "journal");
    REQUIRE(::mkfifo((attacked.host / "state/daemon.lock").c_str(), 0600) == 0);
    REQUIRE(::mkfifo((state / "journal").c_str(), 0600) == 0);
  }
  const std::string said = attacked.run_all();
  CHECK_THAT(said, !ContainsSubstring("only for root"));
  attacked.check_unharmed();
}

TEST_CASE("set-id bits of a keystore are not copied to another file") {
  Host host;
  REQUIRE(::chmod(host.keystore().c_str(), 06640) == 0);
  REQUIRE(host.renew().status == 0);
  CHECK((snapshot(host.keystore()).mode & 07777U) == 0640);
  REQUIRE(run_on(host, {"rollback", "production"}).status == 0);
  CHECK((snapshot(host.keystore()).mode & 07777U) == 0640);
}

TEST_CASE("a keystore with a hard link is not replaced, and none is requested") {
  Host host;
  fs::create_hard_link(host.keystore(), host / "second.p12");
  const CommandResult result = host.renew();
  CHECK(result.status == 1);
  CHECK_THAT(result.output, ContainsSubstring("hard links"));
  CHECK(host.cloud().request_count() == 0);
  CHECK_THAT(host.renew({"--dry-run"}).output, ContainsSubstring("FAILED") && ContainsSubstring("hard links"));
}

TEST_CASE("a link is followed only to a file of its directory's owner") {
  if (!is_root()) {
    return;
  }
  Host host;
  fs::create_directory(host / "shared");
  fs::rename(host.keystore(), host / "shared/theirs.p12");
  fs::create_symlink(host / "shared/theirs.p12", host.keystore());
  give(host / "shared/theirs.p12");
  REQUIRE(host.renew({"--dry-run"}).status == 0);  // root has made the link
  give(host.keystore());
  const CommandResult result = host.renew();
  CHECK(result.status == 1);
  CHECK_THAT(result.output, ContainsSubstring("symbolic link that others can change"));
  CHECK(host.cloud().request_count() == 0);
}

TEST_CASE("no link leads the replacement into the state") {
  if (!is_root()) {
    return;
  }
  Host host;
  REQUIRE(host.renew({"--force"}).status == 0);
  fs::rename(host.keystore(), host / "away.p12");
  fs::create_symlink(host.state() / "generations/1", host.keystore());
  const Snapshot generation = snapshot(host.state() / "generations/1");
  for (const auto& words : {std::vector<std::string>{"renew", "--force"}, {"rollback", "production"}}) {
    const CommandResult result = run_on(host, words);
    CHECK(result.status == 1);
    if (words.front() == "renew") {
      CHECK_THAT(words_of(result), ContainsSubstring("inside the state directory"));
    }
  }
  CHECK(snapshot(host.state() / "generations/1") == generation);
}

TEST_CASE("root follows no other user's link to the state directory") {
  if (!is_root()) {
    return;
  }
  Host host;
  fs::create_directory(host / "roots");
  fs::create_directory(host / "gateway");
  fs::create_directory_symlink(host / "roots", host / "gateway/state");
  give(host / "gateway/state");
  give(host / "gateway");
  write_file(host.configuration(),
             std::regex_replace(read_file(host.configuration()), std::regex("state_directory: .*"),
                                "state_directory: " + (host / "gateway/state").string()));
  for (const auto& [words, refused] : kCommands) {
    if (words.front() != "validate") {
      INFO(words.front());
      const CommandResult result = run_on(host, words);
      CHECK(result.status == refused);
      CHECK_THAT(words_of(result), ContainsSubstring("other users can change the path of the state directory"));
    }
  }
  CHECK(fs::is_empty(host / "roots"));
  CHECK(host.cloud().request_count() == 0);
}

TEST_CASE("root sends no secret that others can exchange for a file of root") {
  if (!is_root()) {
    return;
  }
  Host host;
  fs::create_directory(host / "gateway");
  fs::create_symlink(host / "password", host / "gateway/probe-password");
  give(host / "gateway");
  host.configure({.certificate = {"gateway: {none: {}, verify: {http: {url: \"http://127.0.0.1:9/\", username: admin, "
                                  "password: {file: " +
                                  (host / "gateway/probe-password").string() + "}}}}"}});
  for (const auto& words : {std::vector<std::string>{"renew", "--dry-run"}, {"activate", "production"}}) {
    const CommandResult result = run_on(host, words);
    CHECK(result.status == 1);
    CHECK_THAT(words_of(result), ContainsSubstring(" as root, because other users can change it"));
  }
}

TEST_CASE("root reads no process ID from a file that others can write") {
  if (!is_root()) {
    return;
  }
  Host host;
  fs::create_directory(host / "gateway");
  BackgroundProcess victim({"sleep", "60"});
  write_file(host / "gateway/pid", std::to_string(victim.pid()) + "\n");
  host.configure({.certificate = {"gateway: {signal: {pid_file: " + (host / "gateway/pid").string() + "}}"}});
  give(host / "gateway");
  for (const auto& words : {std::vector<std::string>{"activate", "production"}, {"renew", "--dry-run"}}) {
    const CommandResult result = run_on(host, words);
    CHECK(result.status == 1);
    CHECK_THAT(words_of(result), ContainsSubstring((host / "gateway/pid").string()));
  }
  CHECK(::kill(victim.pid(), 0) == 0);
}

TEST_CASE("root runs no program that others can change") {
  if (!is_root()) {
    return;
  }
  Host host;
  fs::create_directory(host / "gateway");
  write_file(host / "gateway/restart", "#!/bin/sh\ntouch " + (host / "owned").string() + "\n");
  REQUIRE(::chmod((host / "gateway/restart").c_str(), 0755) == 0);
  host.configure({.certificate = {"gateway: {command: {argv: [" + (host / "gateway/restart").string() + "]}}"}});
  give(host / "gateway");
  for (const auto& words : {std::vector<std::string>{"activate", "production"}, {"renew", "--dry-run"}}) {
    const CommandResult result = run_on(host, words);
    CHECK(result.status == 1);
    CHECK_THAT(words_of(result), ContainsSubstring((host / "gateway/restart").string()));
  }
  CHECK_FALSE(fs::exists(host / "owned"));
}

TEST_CASE("a configuration that others can change is refused by every command") {
  Host host;
  fs::create_directory(host / "etc");
  const fs::path file = host / "etc/config.yaml";
  fs::copy_file(host.configuration(), file);
  std::string why;
  SECTION("everyone can write to it") {
    REQUIRE(::chmod(file.c_str(), 0666) == 0);
    why = "can be written by everyone (mode 0666)";
  }
  SECTION("a group can write to it") {
    if (!is_root()) {
      return;  // of whoever else runs this, the group may be his alone
    }
    REQUIRE(::chmod(file.c_str(), 0660) == 0);
    why = "can be written by its group (mode 0660)";
  }
  SECTION("everyone can replace it") {
    REQUIRE(::chmod((host / "etc").c_str(), 0777) == 0);
    why = "etc can be written by everyone";
  }
  SECTION("it belongs to another user") {
    if (!is_root()) {
      return;
    }
    give(file);
    why = "belongs to uid 3456";
  }
  SECTION("it is another user's link") {
    if (!is_root()) {
      return;
    }
    fs::rename(file, host / "etc/real.yaml");
    fs::create_symlink("real.yaml", file);
    give(file);
    why = "belongs to uid 3456";
  }
  for (const auto& [words, refused] : kCommands) {
    INFO(words.front());
    std::vector<std::string> argv = host.daemon_command();
    argv = {argv.front(), "--config", file.string()};
    argv.insert(argv.end(), words.begin(), words.end());
    const CommandResult result = run(argv);
    CHECK(result.status == (words.front() == "check" ? 3 : 2));
    CHECK_THAT(words_of(result), ContainsSubstring(file.string()) && ContainsSubstring(why));
  }
}
