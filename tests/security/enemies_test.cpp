// What somebody else has put in the place of each configured file: every command ends, says which file it was, shows
// nothing of what a link leads to, and asks for nothing. More cases about root: root_test.cpp.

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

namespace fs = std::filesystem;

constexpr const char* kCanary = "canary-9pLw3-of-another-user";
constexpr uid_t kAnotherUser = 3456;

CommandResult run_on(const Host& host, const std::vector<std::string>& words) {
  std::vector<std::string> argv = host.daemon_command();
  argv.pop_back();
  argv.insert(argv.end(), words.begin(), words.end());
  // A command that hangs is an exception.
  return run(argv, {.environment = {}, .input = {}, .deadline = std::chrono::seconds(60)});
}

void make_socket(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.string().size() < sizeof address.sun_path);
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(socket);
}

// Or it is refused even before that, by root.
constexpr const char* kNoFile = "regular file|can be written by everyone";

struct Replacement {
  const char* what;
  std::function<void(const Host&, const fs::path&)> put;
  const char* words;  // one of them, divided by |
};

void link_to(const fs::path& target, const fs::path& at) {
  fs::create_symlink(target, at);
}

const std::vector<Replacement>& replacements() {
  static const std::vector<Replacement> all{
      {"a link to nothing", [](const auto& host, const auto& at) { link_to(host / "nothing", at); },
       "No such file or directory"},
      {"a link to itself", [](const auto&, const auto& at) { link_to(at, at); }, "Too many levels of symbolic links"},
      {"a link to /dev/zero", [](const auto&, const auto& at) { link_to("/dev/zero", at); }, kNoFile},
      {"a link to a terminal", [](const auto&, const auto& at) { link_to("/dev/ptmx", at); }, kNoFile},
      {"a FIFO", [](const auto&, const auto& at) { REQUIRE(::mkfifo(at.c_str(), 0600) == 0); }, kNoFile},
      {"a socket", [](const auto&, const auto& at) { make_socket(at); }, "regular file|No such device or address"},
      {"a directory", [](const auto&, const auto& at) { fs::create_directory(at); }, "regular file|Is a directory"},
      {"a file of 10 GiB",
       [](const auto&, const auto& at) {
         write_file(at, "");
         REQUIRE(::truncate(at.c_str(), off_t{10} << 30) == 0);
       },
       "larger than|too large"},
  };
  return all;
}

const std::vector<std::vector<std::string>> kCommands{
    {"renew", "--dry-run"}, {"renew", "--force"}, {"validate"}, {"status"}, {"check"}, {"plan"}};

// `file` is refused by both that would renew, nothing waits for it, and nothing is lost: restored, it is used again.
void check_refused(const Host& host, const fs::path& file) {
  const fs::path aside = host / "aside";
  for (const auto& [what, put, words] : replacements()) {
    INFO(file << " is " << what);
    fs::rename(file, aside);
    put(host, file);
    for (const auto& command : kCommands) {
      INFO(command.front() << " " << command.back());
      const CommandResult result = run_on(host, command);
      const std::string said = result.output + result.errors;
      check_no_secret(said);
      if (file != host.keystore()) {
        CHECK_THAT(said, !ContainsSubstring("the file is damaged"));  // which is said of the keystore
      }
      if (command.front() == "renew") {
        CHECK(result.status != 0);
        CHECK_THAT(said, ContainsSubstring(file.string()) && Catch::Matches("[^]*(" + std::string(words) + ")[^]*"));
      }
    }
    fs::remove_all(file);
    fs::rename(aside, file);
  }
  CHECK(host.cloud().request_count() == 0);
  CHECK(host.restarts() == 0);
  CHECK(run_on(host, {"renew"}).status == 0);
}

// While `file` is exchanged again and again, by itself, a half, a link and a FIFO, a renewal and a roll-back read it
// whole or refuse it.
void check_exchanged(const Host& host, const fs::path& file) {
  write_file(host / "canary", kCanary);
  // A link that root has made is followed: a roll-back replaces what it leads to, damaged or not.
  const bool is_root = ::geteuid() == 0;
  const Snapshot canary = snapshot(host / "canary");
  const std::string good = read_file(file);
  std::atomic<bool> ended = false;
  // Each of them replaces the one before it, so that there is always one.
  std::thread enemy([&] {
    const fs::path next = host / "next";
    for (std::size_t i = 0; !ended; ++i) {
      if (i % 4 == 0) {
        write_file(next, good);
      } else if (i % 4 == 1) {
        link_to(host / "canary", next);
        (void)::lchown(next.c_str(), kAnotherUser, kAnotherUser);  // as anybody but root, it is ours anyway
      } else if (i % 4 == 2) {
        (void)::mkfifo(next.c_str(), 0600);
      } else {
        write_file(next, good.substr(0, good.size() / 2));
      }
      fs::rename(next, file);
    }
  });
  for (int i = 0; i < 30; ++i) {
    const std::vector<std::string> command = is_root && i % 3 == 2 ? std::vector<std::string>{"rollback", "production"}
                                                                   : std::vector<std::string>{"renew", "--force"};
    const CommandResult result = run_on(host, command);
    INFO(command.front() << ": " << result.output << result.errors);
    CHECK((result.status == 0 || result.status == 1 || result.status == 2));
    CHECK_THAT(result.output + result.errors, !ContainsSubstring(kCanary));
    check_no_secret(result.output + result.errors);
  }
  ended = true;
  enemy.join();
  CHECK(snapshot(host / "canary") == canary);
}

}  // namespace

TEST_CASE("whatever is in place of the keystore, no command hangs or harms it") {
  const Host host;
  check_refused(host, host.keystore());
}

TEST_CASE("whatever is in place of the keystore's password, no command hangs") {
  const Host host;
  check_refused(host, host / "password");
}

TEST_CASE("whatever is in place of the account token, no command hangs") {
  const Host host;
  check_refused(host, host / "token");
}

TEST_CASE("whatever is in place of the configuration, no command hangs") {
  const Host host;
  check_refused(host, host.configuration());
}

TEST_CASE("whatever is in place of a CA file, no command hangs") {
  Host host;
  const fs::path file = host / "ca.pem";
  const std::string line = "ca_file: " + file.string();
  SECTION("the cloud's") {
    fs::copy_file(host.cloud().ca_file(), file);
    host.configure({.certificate = {}, .keystore = {}, .http = {line}});
  }
  SECTION("that of new certificates") {
    fs::copy_file(host.cloud().client_ca_file(), file);
    host.configure({.certificate = {}, .keystore = {line}, .http = {}});
  }
  check_refused(host, file);
}

TEST_CASE("whatever is in place of a gravitee.yml, init does not hang, and writes nothing") {
  const Host host;
  const fs::path file = host / "gravitee.yml";
  const std::vector<std::string> command{"init", "--force", "--from", file.string()};
  const Snapshot configuration = snapshot(host.configuration());
  const auto check_init_refuses = [&](const std::string& words) {
    const CommandResult result = run_on(host, command);
    INFO(result.output << result.errors);
    CHECK(result.status == 2);
    CHECK_THAT(result.errors, ContainsSubstring(file.string()) && Catch::Matches("[^]*(" + words + ")[^]*"));
    CHECK_THAT(result.output + result.errors, !ContainsSubstring(kCanary));
    CHECK(snapshot(host.configuration()) == configuration);
    fs::remove_all(file);
  };
  for (const auto& [what, put, words] : replacements()) {
    INFO(what);
    put(host, file);
    check_init_refuses(words);
  }
  // No YAML, in several ways.
  for (const std::string canary : {kCanary, ": [", "- a\nb: ", "*"}) {
    INFO("a link to a file with " << canary);
    write_file(host / "canary", canary + kCanary + "\n" + kCanary + ":x:0:0\n");
    link_to(host / "canary", file);
    check_init_refuses("");
  }
}

TEST_CASE("no error shows what a file has to which a link leads") {
  const Host host;
  for (const fs::path& file : {host.configuration(), host.keystore(), host / "password"}) {
    INFO(file);
    write_file(host / "canary", std::string(kCanary) + ": [" + kCanary + "\n");
    REQUIRE(::chmod((host / "canary").c_str(), 0600) == 0);
    const Snapshot canary = snapshot(host / "canary");
    fs::rename(file, host / "aside");
    link_to(host / "canary", file);
    for (const auto& command : kCommands) {
      INFO(command.front());
      const CommandResult result = run_on(host, command);
      CHECK_THAT(result.output + result.errors, !ContainsSubstring(kCanary));
      CHECK((command.front() != "renew" || result.status != 0));
    }
    CHECK(snapshot(host / "canary") == canary);
    fs::remove(file);
    fs::rename(host / "aside", file);
  }
  CHECK(host.cloud().request_count() == 0);
}

TEST_CASE("a keystore that is exchanged while it is read is read whole, or refused") {
  const Host host;
  check_exchanged(host, host.keystore());
}

TEST_CASE("a password that is exchanged while it is read is read whole, or refused") {
  const Host host;
  check_exchanged(host, host / "password");
}

TEST_CASE("an account token that is exchanged while it is read is read whole, or refused") {
  const Host host;
  check_exchanged(host, host / "token");
}

TEST_CASE("a configuration that is exchanged while it is read is read whole, or refused") {
  const Host host;
  check_exchanged(host, host.configuration());
}
