#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/file_access.hpp"
#include "core/filesystem.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::testing;
namespace fs = std::filesystem;

namespace {

// A directory with a file "keystore". The destructor undoes changes to their attributes.
class Site {
 public:
  Site() { write_file(keystore, "old"); }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  ~Site() {
    for (const auto& path : {keystore, directory / "."}) {
      (void)run({"chattr", "-ai", path.string()});
    }
    ::umount2(keystore.c_str(), MNT_DETACH);
    ::umount2(directory.path().c_str(), MNT_DETACH);
  }

  Result<void> check() const { return filesystem.check_replaceable(keystore, attributes()); }
  FileAttributes attributes() const { return filesystem.attributes(keystore).value(); }
  // The check fails with this text, and the real operation fails too.
  void check_refused(const std::string& words) {
    const auto checked = check();
    REQUIRE_FALSE(checked);
    CHECK(checked.error().kind == ErrorKind::disk);
    CHECK_THAT(checked.error().message, ContainsSubstring(words));
    CHECK(filesystem.list(directory.path()).value() == std::vector<std::string>{"keystore"});
    CHECK(read_file(keystore) == "old");
    CHECK_FALSE(write_atomically(filesystem, keystore, "new", attributes()));
  }

  TemporaryDirectory directory;
  fs::path keystore = directory / "keystore";
  PosixFilesystem filesystem;
};

// Returns true, after a warning, if this host does not allow the test.
bool skipped(const std::vector<std::string>& command) {
  const auto done = run(command);
  if (done.status != 0) {
    WARN("skipped: " << command.front() << ": " << done.errors);
  }
  return done.status != 0;
}

bool cannot_mount() {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    WARN("skipped: mounting: " << std::strerror(errno));
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("checking a replaceable file succeeds and changes nothing") {
  Site place;
  CHECK(place.check());
  CHECK(read_file(place.keystore) == "old");
  CHECK(write_atomically(place.filesystem, place.keystore, "new", place.attributes()));
}

TEST_CASE("an immutable or append-only file or directory prevents a replacement") {
  const auto [letter, words] = GENERATE(std::pair("i", "immutable"), std::pair("a", "append-only"));
  const bool of_file = GENERATE(true, false);
  CAPTURE(letter, of_file);
  Site place;
  if (skipped({"chattr", std::string("+") + letter, (of_file ? place.keystore : place.directory / ".").string()})) {
    return;
  }
  const auto checked = place.check();
  REQUIRE_FALSE(checked);
  CHECK_THAT(checked.error().message, ContainsSubstring(words) && ContainsSubstring("chattr -"));
  CHECK(place.filesystem.check_writable(place.directory.path()).has_value() == of_file);
  CHECK(place.filesystem.list(place.directory.path()).value() == std::vector<std::string>{"keystore"});
}

TEST_CASE("a file that is a mount point cannot be replaced, on any file system") {
  if (cannot_mount()) {
    return;
  }
  Site place;
  const TemporaryDirectory elsewhere;
  fs::path file = place.keystore;  // on the same file system
  SECTION("of the same file system") {}
  SECTION("of another one") {
    REQUIRE(::mount("tmpfs", elsewhere.path().c_str(), "tmpfs", 0, "") == 0);
    file = elsewhere / "keystore";
    write_file(file, "old");
  }
  REQUIRE(::mount(file.c_str(), place.keystore.c_str(), nullptr, MS_BIND, nullptr) == 0);
  place.check_refused("mount its directory instead");
  ::umount2(elsewhere.path().c_str(), MNT_DETACH);
}

TEST_CASE("files can be replaced on a mounted directory, but not on a read-only one") {
  if (cannot_mount()) {
    return;
  }
  Site place;
  const auto directory = place.directory.path();
  REQUIRE(::mount(directory.c_str(), directory.c_str(), nullptr, MS_BIND, nullptr) == 0);
  CHECK(place.check());
  REQUIRE(::mount(nullptr, directory.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0);
  place.check_refused("Read-only file system");
}

TEST_CASE("owner and directory permissions are checked as the user who would replace the file") {
  if (::geteuid() != 0) {
    WARN("skipped: needs root");
    return;
  }
  Site place;
  const User user{.name = "somebody", .id = 12345, .group = 12345, .groups = {}, .home = "/"};
  fs::permissions(place.directory.path(), fs::perms::all);
  const auto ask = [&] { return ask_as(user, [&] { return place.check(); }); };
  fs::permissions(place.keystore, fs::perms(0644));
  SECTION("a file of another owner cannot be given back to him") {
    const auto refused = ask();
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message, ContainsSubstring("owner 0:0"));
  }
  SECTION("nobody else replaces a file in a directory with the sticky bit") {
    fs::permissions(place.directory.path(), fs::perms::all | fs::perms::sticky_bit);
    const auto refused = ask();
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message, ContainsSubstring("sticky bit") && ContainsSubstring("root"));
  }
  SECTION("one's own is replaced, also in a directory with the sticky bit") {
    fs::permissions(place.directory.path(), fs::perms::all | fs::perms::sticky_bit);
    REQUIRE(::chown(place.keystore.c_str(), user.id, user.group) == 0);
    CHECK(ask());
  }
  SECTION("another group matters only where it may do something") {
    REQUIRE(::chown(place.keystore.c_str(), user.id, 54321) == 0);
    CHECK_FALSE(ask());
    fs::permissions(place.keystore, fs::perms(0600));
    CHECK(ask());
  }
  CHECK(place.filesystem.list(place.directory.path()).value() == std::vector<std::string>{"keystore"});
}

TEST_CASE("a keystore may have the longest possible name") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const std::size_t length = GENERATE(100U, 101U, 229U, 230U, 238U, 239U, 255U);
  CAPTURE(length);
  const auto file = directory / std::string(length, 'k');
  write_file(file, "old");
  const auto attributes = filesystem.attributes(file).value();
  CHECK(filesystem.check_replaceable(file, attributes));
  CHECK(rehearse_write(filesystem, file, 10, attributes));
  CHECK(write_atomically(filesystem, file, "new", attributes));
  CHECK(read_file(file) == "new");
  CHECK(filesystem.list(directory.path()).value().size() == 1);
}
