#include "setup/file_set.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;
using testing::read_file;
using testing::TemporaryDirectory;
using testing::write_file;

// The real disk, except that the n-th change fails.
class FailingFilesystem final : public PosixFilesystem {
 public:
  explicit FailingFilesystem(int fail_at) : fail_at_(fail_at) {}

  Result<void> create(const fs::path& path, std::string_view bytes, const FileAttributes& attributes,
                      Durability durability) override {
    return fails() ? failed() : PosixFilesystem::create(path, bytes, attributes, durability);
  }
  Result<void> rename(const fs::path& from, const fs::path& to) override {
    return fails() ? failed() : PosixFilesystem::rename(from, to);
  }
  Result<void> remove(const fs::path& path) override { return fails() ? failed() : PosixFilesystem::remove(path); }
  Result<void> create_directories(const fs::path& directory, mode_t mode) override {
    return fails() ? failed() : PosixFilesystem::create_directories(directory, mode);
  }
  Result<void> sync_directory(const fs::path& directory) override {
    return fails() ? failed() : PosixFilesystem::sync_directory(directory);
  }

  bool has_failed() const { return has_failed_; }

 private:
  bool fails() {
    const bool now = ++calls_ == fail_at_;
    has_failed_ = has_failed_ || now;
    return now;
  }
  static Result<void> failed() { return failure(ErrorKind::disk, "no space left"); }

  int fail_at_;
  int calls_ = 0;
  bool has_failed_ = false;
};

FileAttributes mode(mode_t mode) {
  return {::geteuid(), ::getegid(), mode, {}};
}

mode_t mode_of(const fs::path& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

std::map<fs::path, std::string> tree(const fs::path& root) {
  std::map<fs::path, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    files[entry.path()] = entry.is_directory() ? "" : read_file(entry.path());
  }
  return files;
}

TEST_CASE("writes all files with their modes, and creates the missing directory") {
  const TemporaryDirectory root;
  PosixFilesystem disk;
  const auto directory = root / "etc";
  REQUIRE(write_file_set(disk,
                         {{directory / "password", "secret\n", mode(0600)}, {directory / "config", "x", mode(0640)}}));
  CHECK(read_file(directory / "password") == "secret\n");
  CHECK(mode_of(directory / "password") == 0600);
  CHECK(mode_of(directory / "config") == 0640);
  CHECK(mode_of(directory) == 0750);
  CHECK(tree(directory).size() == 2);
}

TEST_CASE("replaces existing files, also behind links") {
  const TemporaryDirectory root;
  PosixFilesystem disk;
  write_file(root / "config", "old");
  fs::create_symlink("config", root / "link");
  const std::vector<PlannedFile> files{{root / "password", "secret", mode(0600)}, {root / "link", "new", mode(0640)}};
  REQUIRE(write_file_set(disk, files));
  CHECK(read_file(root / "config") == "new");
  CHECK(fs::is_symlink(root / "link"));
  CHECK(tree(root.path()).size() == 3);
}

TEST_CASE("refuses to replace a directory") {
  const TemporaryDirectory root;
  PosixFilesystem disk;
  fs::create_directory(root / "config");
  CHECK_FALSE(write_file_set(disk, {{root / "config", "new", mode(0640)}}).has_value());
  CHECK(fs::is_directory(root / "config"));
}

TEST_CASE("restores everything when the disk fails at any call") {
  for (int fail_at = 1;; ++fail_at) {
    const TemporaryDirectory root;
    write_file(root / "config", "old");
    const auto before = tree(root.path());
    FailingFilesystem disk(fail_at);
    const auto written = write_file_set(disk, {{root / "new/deep/password", "secret", mode(0600)},
                                               {root / "config", "new", mode(0640)},
                                               {root / "other", "x", mode(0600)}});
    INFO("failing at change " << fail_at);
    if (!disk.has_failed()) {
      REQUIRE(written.has_value());
      CHECK(fail_at > 8);
      break;
    }
    if (written) {
      // All files are written; only the backup of the previous file remains.
      CHECK(read_file(root / "config") == "new");
      CHECK(read_file(root / "other") == "x");
      continue;
    }
    CHECK(tree(root.path()) == before);
  }
}

}  // namespace
}  // namespace renewd::setup
