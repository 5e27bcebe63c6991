#include "keystore/replacement.hpp"

#include <sys/stat.h>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::keystore;
using namespace renewd::testing;
namespace fs = std::filesystem;

namespace {

// The disk of this host, with one call that fails.
class FailingFilesystem final : public PosixFilesystem {
 public:
  explicit FailingFilesystem(std::string failing) : failing_(std::move(failing)) {}

  Result<std::string> read(const fs::path& path, std::size_t limit) const override {
    return fails("read") || (renamed_ && fails("read back")) ? broken() : PosixFilesystem::read(path, limit);
  }
  Result<FileAttributes> attributes(const fs::path& path) const override {
    return fails("attributes") ? broken() : PosixFilesystem::attributes(path);
  }
  Result<void> create(const fs::path& path, std::string_view bytes, const FileAttributes& attributes,
                      Durability durability) override {
    return fails("create") ? broken() : PosixFilesystem::create(path, bytes, attributes, durability);
  }
  Result<void> rename(const fs::path& from, const fs::path& to) override {
    renamed_ = true;
    return fails("rename") ? broken() : PosixFilesystem::rename(from, to);
  }
  Result<void> remove(const fs::path& path) override {
    return fails("remove") ? broken() : PosixFilesystem::remove(path);
  }
  Result<void> sync_directory(const fs::path& directory) override {
    return renamed_ && fails("sync") ? broken() : PosixFilesystem::sync_directory(directory);
  }
  Result<void> touch(const fs::path& path) override { return fails("touch") ? broken() : PosixFilesystem::touch(path); }
  Result<HeldFile> follow(const fs::path& path) override {
    return fails("follow") ? broken() : PosixFilesystem::follow(path);
  }

 private:
  bool fails(std::string_view call) const { return failing_ == call; }
  static tl::unexpected<Error> broken() { return failure(ErrorKind::disk, "broken on purpose"); }

  std::string failing_;
  bool renamed_ = false;
};

}  // namespace

TEST_CASE("a keystore is replaced behind its symbolic link, with its mode") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  fs::create_directory(directory / "real");
  write_file(directory / "real/keystore.p12", "old");
  fs::permissions(directory / "real/keystore.p12", fs::perms(0640));
  fs::create_symlink("real/keystore.p12", directory / "link.p12");
  REQUIRE(replace(filesystem, directory / "link.p12", "old", "new"));
  CHECK(fs::is_symlink(directory / "link.p12"));
  CHECK(read_file(directory / "real/keystore.p12") == "new");
  CHECK(fs::status(directory / "real/keystore.p12").permissions() == fs::perms(0640));
  CHECK(filesystem.list(directory / "real").value() == std::vector<std::string>{"keystore.p12"});
}

TEST_CASE("owner and group of the keystore stay") {
  if (::geteuid() != 0) {
    WARN("skipped: needs root");
    return;
  }
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  write_file(directory / "keystore.p12", "old");
  run_or_throw({"chown", "1234:5678", (directory / "keystore.p12").string()});
  REQUIRE(replace(filesystem, directory / "keystore.p12", "old", "new"));
  const auto attributes = filesystem.attributes(directory / "keystore.p12").value();
  CHECK(attributes.owner == 1234);
  CHECK(attributes.group == 5678);
}

TEST_CASE("keeps the previous keystore when a step before the rename fails") {
  const std::string call = GENERATE("follow", "attributes", "remove", "create", "rename");
  CAPTURE(call);
  const TemporaryDirectory directory;
  FailingFilesystem filesystem(call);
  write_file(directory / "keystore.p12", "old");
  const auto replaced = replace(filesystem, directory / "keystore.p12", "old", "new");
  REQUIRE_FALSE(replaced);
  CHECK(replaced.error().kind == ErrorKind::disk);
  CHECK_THAT(replaced.error().message, ContainsSubstring("keystore.p12") && ContainsSubstring("broken on purpose"));
  CHECK(read_file(directory / "keystore.p12") == "old");
  CHECK(PosixFilesystem().list(directory.path()).value() == std::vector<std::string>{"keystore.p12"});
}

TEST_CASE("a keystore whose times cannot be updated is installed anyway") {
  const TemporaryDirectory directory;
  FailingFilesystem filesystem("touch");
  write_file(directory / "keystore.p12", "old");
  CHECK(replace(filesystem, directory / "keystore.p12", "old", "new"));
  CHECK(read_file(directory / "keystore.p12") == "new");
}

TEST_CASE("if the directory cannot be synced, the previous keystore is restored: a power cut might do so unnoticed") {
  const TemporaryDirectory directory;
  FailingFilesystem filesystem("sync");
  write_file(directory / "keystore.p12", "old");
  const auto replaced = replace(filesystem, directory / "keystore.p12", "old", "new");
  REQUIRE_FALSE(replaced);
  CHECK(replaced.error().kind == ErrorKind::disk);
  CHECK(read_file(directory / "keystore.p12") == "old");
  CHECK(PosixFilesystem().list(directory.path()).value() == std::vector<std::string>{"keystore.p12"});
}

TEST_CASE("a rehearsed replacement changes nothing, and leaves nothing behind when a step of it fails") {
  const std::string call = GENERATE("none", "follow", "create", "rename");
  CAPTURE(call);
  const TemporaryDirectory directory;
  FailingFilesystem filesystem(call);
  write_file(directory / "keystore.p12", "old");
  CHECK(rehearse_replacement(filesystem, directory / "keystore.p12").has_value() == (call == "none"));
  CHECK(read_file(directory / "keystore.p12") == "old");
  CHECK(PosixFilesystem().list(directory.path()).value() == std::vector<std::string>{"keystore.p12"});
}

TEST_CASE("says so when the new keystore cannot be read back") {
  const TemporaryDirectory directory;
  FailingFilesystem filesystem("read back");
  write_file(directory / "keystore.p12", "old");
  const auto replaced = replace(filesystem, directory / "keystore.p12", "old", "new");
  REQUIRE_FALSE(replaced);
  CHECK_THAT(replaced.error().message, ContainsSubstring("reading it back"));
}

TEST_CASE("a missing keystore is not created") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  fs::create_symlink("nowhere", directory / "dangling");
  CHECK_FALSE(replace(filesystem, directory / "none", "old", "new"));
  CHECK_FALSE(replace(filesystem, directory / "dangling", "old", "new"));
  CHECK_FALSE(fs::exists(directory / "nowhere"));
}

TEST_CASE("a keystore that was replaced externally is not overwritten") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  write_file(directory / "keystore.p12", "newest");
  const auto replaced = replace(filesystem, directory / "keystore.p12", "old", "new");
  REQUIRE_FALSE(replaced);
  CHECK(replaced.error().kind == ErrorKind::busy);
  CHECK_THAT(replaced.error().message, ContainsSubstring("replaced externally"));
  CHECK(read_file(directory / "keystore.p12") == "newest");
  CHECK(filesystem.list(directory.path()).value() == std::vector<std::string>{"keystore.p12"});
}
