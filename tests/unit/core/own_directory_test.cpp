// Whatever another user puts into our directories is neither followed, trusted nor overwritten.
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <stdexcept>

#include "core/filesystem.hpp"
#include "core/trusted_path.hpp"
#include "core/user.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::testing;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kSomebodyElse = 1234;

struct State {
  TemporaryDirectory directory;
  fs::path path = directory / "state";
  fs::path target = directory / "target";
  PosixFilesystem filesystem{path};

  State() {
    REQUIRE(filesystem.create_directories(path / "production", 0700));
    write_file(target, "secret of somebody else");
  }
  fs::path file() const { return path / "production/journal"; }
};

void check(int result) {
  if (result != 0) {
    throw std::runtime_error("a system call of the test failed");
  }
}

}  // namespace

TEST_CASE("a state file must be a regular file with a single name") {
  State state;
  std::string why;
  SECTION("a symbolic link") {
    fs::create_symlink(state.target, state.file());
    why = "a symbolic link";
  }
  SECTION("a hard link") {
    fs::create_hard_link(state.target, state.file());
    why = "hard link";
  }
  SECTION("a fifo") {
    check(::mkfifo(state.file().c_str(), 0600));
    why = "not a regular file";
  }
  SECTION("a directory") {
    fs::create_directory(state.file());
    why = "not a regular file";
  }
  const auto read = state.filesystem.read(state.file(), 1000);
  REQUIRE_FALSE(read);
  CHECK_THAT(read.error().message, ContainsSubstring(why) && ContainsSubstring(state.file().string()));
  CHECK_FALSE(state.filesystem.attributes(state.file()));
  CHECK_FALSE(state.filesystem.open_to_lock(state.file(), true));
  CHECK_FALSE(state.filesystem.open_to_lock(state.file(), false));
  CHECK(read_file(state.target) == "secret of somebody else");
  // A file counts as existing if this cannot be checked.
  CHECK(state.filesystem.exists(state.file()));
}

TEST_CASE("no operation follows a link below the state directory") {
  State state;
  const fs::path elsewhere = state.directory / "elsewhere";
  fs::create_directory(elsewhere);
  write_file(elsewhere / "1", "theirs");
  fs::create_directory_symlink(elsewhere, state.path / "production/generations");
  const fs::path inside = state.path / "production/generations/1";
  const FileAttributes ours{.owner = ::geteuid(), .group = ::getegid(), .mode = 0600};
  CHECK_FALSE(state.filesystem.read(inside, 1000));
  CHECK_FALSE(state.filesystem.list(inside.parent_path()));
  CHECK_FALSE(state.filesystem.create(inside.parent_path() / "2", "x", ours, Durability::content));
  CHECK_FALSE(state.filesystem.append(inside, "x", Durability::content));
  CHECK_FALSE(write_atomically(state.filesystem, inside, "x", ours));
  CHECK_FALSE(state.filesystem.rename(inside, state.file()));
  CHECK_FALSE(state.filesystem.remove(inside));
  CHECK_FALSE(state.filesystem.touch(inside));
  CHECK_FALSE(state.filesystem.create_directories(inside.parent_path() / "deeper", 0700));
  CHECK_FALSE(state.filesystem.sync_directory(inside.parent_path()));
  CHECK_FALSE(state.filesystem.free_space(inside.parent_path()));
  CHECK_FALSE(state.filesystem.check_writable(inside.parent_path()));
  CHECK(PosixFilesystem().list(elsewhere).value() == std::vector<std::string>{"1"});
  CHECK(read_file(elsewhere / "1") == "theirs");
}

TEST_CASE("a path below the state directory is stable although the directory was moved and replaced") {
  State state;
  REQUIRE(state.filesystem.list(state.path));
  fs::rename(state.path, state.directory / "moved");
  fs::create_directories(state.directory / "trap/production");
  fs::create_directory_symlink(state.directory / "trap", state.path);
  const FileAttributes ours{.owner = ::geteuid(), .group = ::getegid(), .mode = 0600};
  REQUIRE(write_atomically(state.filesystem, state.file(), "journal", ours));
  CHECK(read_file(state.directory / "moved/production/journal") == "journal");
  CHECK(fs::is_empty(state.directory / "trap/production"));
}

TEST_CASE("a removed state directory is created again") {
  State state;
  REQUIRE(state.filesystem.list(state.path));
  fs::remove_all(state.path);
  CHECK(state.filesystem.list(state.path / "production").value().empty());
  REQUIRE(state.filesystem.create_directories(state.path / "production", 0700));
  CHECK(fs::exists(state.path / "production"));
}

TEST_CASE("a state directory that others can write to is refused by name, at once and at each use") {
  State state;
  const auto bits = GENERATE(0770, 0707, 0777, 01777);
  check(::chmod(state.path.c_str(), static_cast<mode_t>(bits)));
  const auto refused = state.filesystem.own(state.path);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, ContainsSubstring(state.path.string()) &&
                                          ContainsSubstring(bits == 01777 ? "a directory of its own" : "chmod 0700"));
  CHECK_FALSE(state.filesystem.read(state.file(), 1000));
  CHECK_FALSE(state.filesystem.create_directories(state.path / "another", 0700));
  check(::chmod(state.path.c_str(), 0700));
  CHECK(state.filesystem.own(state.path));
  CHECK(state.filesystem.create_directories(state.path / "another", 0700));
}

TEST_CASE("another user's state directory, and another user's file in ours, are refused by name") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can give files away");
    return;
  }
  State state;
  write_file(state.file(), "forged");
  check(::chown(state.file().c_str(), kSomebodyElse, kSomebodyElse));
  CHECK_THAT(state.filesystem.read(state.file(), 1000).error().message, ContainsSubstring("belongs to uid 1234"));
  check(::chown(state.path.c_str(), kSomebodyElse, kSomebodyElse));
  const auto refused = state.filesystem.own(state.path);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message,
             ContainsSubstring(state.path.string()) && ContainsSubstring("uid 1234") && ContainsSubstring("root"));
  CHECK_FALSE(state.filesystem.open_to_lock(state.path / "daemon.lock", true));
}

TEST_CASE("the advice on a state directory of another user is safe to follow") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "state";
  const uid_t other = find_user("nobody")->id;
  SECTION("one that everybody uses, such as /tmp") {
    fs::create_directory(path);
    check(::chmod(path.c_str(), 01777));
    CHECK_THAT(why_not_own(path, other), ContainsSubstring("a directory of its own") && !ContainsSubstring("chmod") &&
                                             !ContainsSubstring("chown"));
  }
  SECTION("one that root made for the service") {
    fs::create_directory(path);
    CHECK_THAT(why_not_own(path, other),
               ContainsSubstring("if nothing else uses it, as root, run: chown nobody " + path.string()));
  }
  SECTION("a file") {
    write_file(path, "");
    CHECK_THAT(why_not_own(path, ::geteuid()), ContainsSubstring("is a file, not a directory"));
  }
}

TEST_CASE("root writes nothing in a directory that others can change") {
  if (::geteuid() != 0) {
    WARN("skipped: it is about root");
    return;
  }
  const TemporaryDirectory directory;
  const fs::path theirs = directory / "theirs";
  fs::create_directories(theirs / "config");
  write_file(theirs / "config/keystore.p12", "old");
  SECTION("it belongs to another user") {
    check(::chown((theirs / "config").c_str(), kSomebodyElse, 0));
  }
  SECTION("the one above it does") {
    check(::chown(theirs.c_str(), kSomebodyElse, 0));
  }
  SECTION("a group can write to it") {
    check(::chmod((theirs / "config").c_str(), 0775));
  }
  SECTION("everyone can write above it") {
    check(::chmod(theirs.c_str(), 0777));
  }
  PosixFilesystem filesystem;
  const fs::path file = theirs / "config/keystore.p12";
  const auto written = write_atomically(filesystem, file, "new", {.owner = 0, .group = 0, .mode = 0600});
  REQUIRE_FALSE(written);
  CHECK_THAT(written.error().message, ContainsSubstring("root") && ContainsSubstring(theirs.string()));
  CHECK_FALSE(filesystem.create(theirs / "config/other", "x", {}, Durability::content));
  CHECK_FALSE(filesystem.append(file, "x", Durability::content));
  CHECK_FALSE(filesystem.rename(file, theirs / "config/other"));
  CHECK_FALSE(filesystem.remove(file));
  CHECK_FALSE(filesystem.touch(file));
  CHECK_FALSE(filesystem.check_writable(theirs / "config"));
  CHECK_FALSE(filesystem.create_directories(theirs / "config/new", 0700));
  CHECK(read_file(file) == "old");
  CHECK(filesystem.list(theirs / "config").value() == std::vector<std::string>{"keystore.p12"});
}

TEST_CASE("set-id and sticky bits are never copied") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  write_file(directory / "keystore", "old");
  check(::chmod((directory / "keystore").c_str(), 07640));
  const auto attributes = filesystem.attributes(directory / "keystore");
  REQUIRE(attributes);
  REQUIRE(write_atomically(filesystem, directory / "keystore", "new", *attributes));
  struct stat status{};
  check(::stat((directory / "keystore").c_str(), &status));
  CHECK((status.st_mode & 07777U) == 0640);
}

TEST_CASE("a resolved file stays the same although its directory is replaced") {
  State state;
  PosixFilesystem& filesystem = state.filesystem;
  const fs::path config = state.directory / "config";
  fs::create_directory(config);
  write_file(config / "keystore", "old");
  const auto held = filesystem.follow(config / "keystore");
  REQUIRE(held);
  fs::rename(config, state.directory / "real");
  fs::create_directory_symlink(state.path / "production", config);
  write_file(state.path / "production/keystore", "state");
  REQUIRE(write_atomically(filesystem, held->path, "new", {.owner = ::geteuid(), .group = ::getegid(), .mode = 0600}));
  CHECK(read_file(state.directory / "real/keystore") == "new");
  CHECK(read_file(state.path / "production/keystore") == "state");
  // No path into the state directory can be held.
  CHECK_THAT(filesystem.follow(config / "keystore").error().message, ContainsSubstring("state directory"));
}

TEST_CASE("another user's file with the temporary name does not prevent a write") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  // Like another user's file in a sticky directory, it cannot be removed.
  fs::create_directory(directory / ".keystore.gravitee-renewd");
  REQUIRE(write_atomically(filesystem, directory / "keystore", "new",
                           {.owner = ::geteuid(), .group = ::getegid(), .mode = 0600}));
  CHECK(read_file(directory / "keystore") == "new");
  CHECK(filesystem.list(directory.path()).value() == std::vector<std::string>{".keystore.gravitee-renewd", "keystore"});
}

TEST_CASE("a path is trusted if no other user can change any part of it") {
  const TemporaryDirectory directory;
  fs::create_directories(directory / "a/b");
  write_file(directory / "a/b/file", "x");
  check(::chmod((directory / "a/b/file").c_str(), 0644));
  fs::create_directory_symlink("b", directory / "a/link");
  const fs::path file = directory / "a/link/../b/file";
  const uid_t us = ::geteuid();
  REQUIRE(check_trusted(file, us));
  const auto refused = [&](std::string_view place) {
    const auto trusted = check_trusted(file, us);
    REQUIRE_FALSE(trusted);
    CHECK_THAT(trusted.error().message, ContainsSubstring((directory / place).string()));
  };
  SECTION("the file") {
    check(::chmod((directory / "a/b/file").c_str(), 0646));
    refused("a/b/file");
  }
  SECTION("a directory") {
    check(::chmod((directory / "a").c_str(), 0757));
    refused("a");
  }
  SECTION("a directory behind a link") {
    check(::chmod((directory / "a/b").c_str(), 0707));
    refused("a/b");
  }
  SECTION("not one with the sticky bit, where only owners replace their files") {
    check(::chmod((directory / "a/b").c_str(), 01777));
    CHECK(check_trusted(file, us));
  }
  SECTION("a group, but not the one of an account alone") {
    if (us == 0) {
      check(::chmod((directory / "a").c_str(), 0775));
      refused("a");
      // Debian's user mail, whose group of the same name has no other members.
      const passwd* const mail = ::getpwnam("mail");
      REQUIRE(mail != nullptr);
      check(::chown((directory / "a").c_str(), mail->pw_uid, mail->pw_gid));
      CHECK(check_trusted(file, mail->pw_uid));
      check(::chown((directory / "a").c_str(), mail->pw_uid, mail->pw_gid + 1));
      CHECK_FALSE(check_trusted(file, mail->pw_uid));
    }
  }
  SECTION("a link of another user") {
    if (us == 0) {
      check(::lchown((directory / "a/link").c_str(), kSomebodyElse, kSomebodyElse));
      refused("a/link");
    }
  }
  SECTION("a link that leads nowhere ends in an error") {
    fs::remove(directory / "a/b/file");
    CHECK_FALSE(check_trusted(file, us));
  }
  SECTION("a directory that others can change, and a link behind it, choose what is found") {
    check(::chmod((directory / "a").c_str(), 0757));
    const auto followed = follow(file, us);
    REQUIRE(followed);
    CHECK(followed->path == directory / "a/b/file");
    CHECK_THAT(followed->choice_of_others, ContainsSubstring((directory / "a").string()));
  }
  SECTION("a directory that others can change without a link behind it chooses nothing") {
    check(::chmod((directory / "a/b").c_str(), 0757));
    const auto followed = follow(directory / "a/link/file", us);
    REQUIRE(followed);
    CHECK(followed->choice_of_others.empty());
  }
  SECTION("links in a circle end in an error") {
    fs::create_symlink("circle", directory / "circle");
    CHECK_THAT(check_trusted(directory / "circle", us).error().message, ContainsSubstring("links"));
  }
}
