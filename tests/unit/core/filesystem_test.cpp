#include "core/filesystem.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::testing;
namespace fs = std::filesystem;

namespace {

FileAttributes own_attributes(mode_t mode = 0600) {
  return {.owner = ::geteuid(), .group = ::getegid(), .mode = mode, .extended = {}};
}

}  // namespace

TEST_CASE("the error of reading says what is wrong with the file") {
  const TemporaryDirectory directory;
  const PosixFilesystem filesystem;
  write_file(directory / "file", "12345");
  CHECK(filesystem.read(directory / "file", 5).value() == "12345");
  CHECK_THAT(filesystem.read(directory / "file", 4).error().message, ContainsSubstring("larger than 4 bytes"));
  CHECK_THAT(filesystem.read(directory / "none", 4).error().message, ContainsSubstring("No such file"));
  CHECK_THAT(filesystem.read(directory.path(), 4).error().message, ContainsSubstring("not a regular file"));
  run_or_throw({"mkfifo", (directory / "fifo").string()});
  CHECK_THAT(filesystem.read(directory / "fifo", 4).error().message, ContainsSubstring("not a regular file"));
  CHECK(filesystem.read(directory / "none", 4).error().kind == ErrorKind::disk);
}

TEST_CASE("a created file has its attributes regardless of the umask") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const mode_t old_umask = ::umask(0077);
  const auto created = filesystem.create(directory / "file", "bytes", own_attributes(0664), Durability::content);
  ::umask(old_umask);
  REQUIRE(created);
  CHECK(read_file(directory / "file") == "bytes");
  CHECK(filesystem.attributes(directory / "file")->mode == 0664);
}

TEST_CASE("creating never writes to an existing file") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  write_file(directory / "file", "old");
  fs::create_symlink(directory / "elsewhere", directory / "link");
  CHECK_FALSE(filesystem.create(directory / "file", "new", own_attributes(), Durability::content));
  CHECK_FALSE(filesystem.create(directory / "link", "new", own_attributes(), Durability::content));
  CHECK(read_file(directory / "file") == "old");
  CHECK_FALSE(fs::exists(directory / "elsewhere"));
}

TEST_CASE("appending needs a file, adds to its end, and leaves it as it was where there is no space") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const fs::path file = directory / "file";
  const auto durability = GENERATE(Durability::process, Durability::content, Durability::full);
  CHECK_FALSE(filesystem.append(file, "x", durability));
  CHECK_FALSE(fs::exists(file));
  write_file(file, "one\n");
  REQUIRE(filesystem.append(file, "two\n", durability));
  CHECK(read_file(file) == "one\ntwo\n");

  // The limit of this process stands in for a full disk: a part of the text would fit.
  struct rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const struct rlimit small{12, before.rlim_max};
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto appended = filesystem.append(file, "three and more\n", durability);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  ::signal(SIGXFSZ, old_handler);
  REQUIRE_FALSE(appended);
  CHECK_THAT(appended.error().message, ContainsSubstring("appending to") && ContainsSubstring(file.string()));
  CHECK(read_file(file) == "one\ntwo\n");
}

TEST_CASE("a durable write replaces the whole file and leaves nothing else behind") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  write_file(directory / "file", "old");
  write_file(directory / ".file.gravitee-renewd", "left by a crash");
  REQUIRE(write_atomically(filesystem, directory / "file", "new", own_attributes(0640)));
  CHECK(read_file(directory / "file") == "new");
  CHECK(filesystem.attributes(directory / "file")->mode == 0640);
  CHECK(filesystem.list(directory.path()).value() == std::vector<std::string>{"file"});
}

TEST_CASE("owner, group, ACL and SELinux label are copied") {
  if (::geteuid() != 0 || !have_program("setfacl") || !have_program("setfattr")) {
    WARN("skipped: needs root, setfacl and setfattr");
    return;
  }
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  write_file(directory / "old", "old");
  run_or_throw({"chown", "1234:5678", (directory / "old").string()});
  run_or_throw({"setfacl", "-m", "u:4321:r", (directory / "old").string()});
  // The label is an ordinary extended attribute on a host without SELinux.
  run_or_throw(
      {"setfattr", "-n", "security.selinux", "-v", "system_u:object_r:usr_t:s0", (directory / "old").string()});
  const auto attributes = filesystem.attributes(directory / "old").value();
  CHECK(attributes.owner == 1234);
  CHECK(attributes.group == 5678);
  CHECK(attributes.extended.count("security.selinux") == 1);
  REQUIRE(filesystem.create(directory / "new", "new", attributes, Durability::content));
  CHECK(filesystem.attributes(directory / "new").value() == attributes);
  CHECK_THAT(run_or_throw({"getfacl", "-n", (directory / "new").string()}), ContainsSubstring("user:4321:r--"));
}

TEST_CASE("an inherited ACL does not give others access to a file without one") {
  if (!have_program("setfacl")) {
    WARN("skipped: needs setfacl");
    return;
  }
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  run_or_throw({"setfacl", "-d", "-m", "u:4321:rw", directory.path().string()});
  REQUIRE(filesystem.create(directory / "new", "new", own_attributes(0640), Durability::content));
  const auto attributes = filesystem.attributes(directory / "new").value();
  CHECK(attributes.mode == 0640);
  CHECK(attributes.extended.count("system.posix_acl_access") == 0);
}

TEST_CASE("directories are created with their parents, and removing a missing file succeeds") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  REQUIRE(filesystem.create_directories(directory / "a/b/c", 0700));
  REQUIRE(filesystem.create_directories(directory / "a/b/c", 0700));
  CHECK((fs::status(directory / "a/b").permissions() & fs::perms::others_all) == fs::perms::none);
  CHECK(filesystem.remove(directory / "none"));
  CHECK(filesystem.list(directory / "none").value().empty());
  write_file(directory / "file", "");
  CHECK_FALSE(filesystem.create_directories(directory / "file/below", 0700));
}

TEST_CASE("a missing permission is found without writing") {
  const TemporaryDirectory directory;
  const PosixFilesystem filesystem;
  CHECK(filesystem.check_writable(directory.path()));
  CHECK_FALSE(filesystem.check_writable(directory / "none"));
  write_file(directory / "file", "");
  CHECK_FALSE(filesystem.check_writable(directory / "file"));
  CHECK(filesystem.free_space(directory.path())->bytes > 0);
  CHECK(filesystem.free_space(directory.path())->files > 0);
}

TEST_CASE("a file counts as existing if access is denied, so that using it reports the error") {
  const TemporaryDirectory directory;
  const PosixFilesystem filesystem;
  fs::create_symlink("loop", directory / "loop");
  CHECK(filesystem.exists(directory / "loop"));
  CHECK_THAT(filesystem.read(directory / "loop", 4).error().message, ContainsSubstring("symbolic links"));
  CHECK_FALSE(filesystem.exists(directory / "none"));
  write_file(directory / "file", "");
  CHECK_FALSE(filesystem.exists(directory / "file/below"));
}
