#include "state/state_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>

#include "state/answer_store.hpp"
#include "state/generations.hpp"
#include "state/history.hpp"
#include "state/journal.hpp"
#include "state/lock.hpp"
#include "state/paths.hpp"
#include "state/retry_state.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::state;
using namespace renewd::testing;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kUser = 1234;
const CertificateRecord kCertificate{};

struct stat status_of(const fs::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    throw std::runtime_error("stat " + path.string());
  }
  return status;
}

// Everything that a renewal leaves behind.
void write_everything(PosixFilesystem& filesystem, const StatePaths& paths, TimePoint now) {
  JournalEntry entry;
  entry.phase = Phase::requested;
  REQUIRE(RetryStateStore(filesystem, paths).save({.failures_in_a_row = 1}));
  REQUIRE(RequestLog(filesystem, paths).add(now));
  REQUIRE(Lock::acquire(filesystem, paths.lock(), "renew"));
  REQUIRE(Journal(filesystem, paths).write(entry));
  REQUIRE(Generations(filesystem, paths).store("keystore", kCertificate));
  REQUIRE(History(filesystem, paths).record_in_use(kCertificate));
  REQUIRE(History(filesystem, paths).append("renewed", entry, now));
  REQUIRE(AnswerStore(filesystem, paths).store("refused"));
  REQUIRE(AnswerStore(filesystem, paths).set_aside(now));
  REQUIRE(AnswerStore(filesystem, paths).store("answer"));
  REQUIRE(AnswerStore(filesystem, paths).reserve_space());
}

}  // namespace

TEST_CASE("state files belong to the user of this process") {
  if (::geteuid() == 0 && ::seteuid(kUser) != 0) {
    throw std::runtime_error("seteuid");
  }
  const uid_t user = ::geteuid();
  {
    const TemporaryDirectory directory;
    const fs::path state = directory / "state";
    PosixFilesystem filesystem(state);
    write_everything(filesystem, StatePaths(state, "production"), SystemClock().now());
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(state)) {
      INFO(entry.path());
      const auto status = status_of(entry.path());
      CHECK(status.st_uid == user);
      CHECK((status.st_mode & 07777U) == (entry.is_directory() ? kStateDirectoryMode : kStateFileMode));
      files += entry.is_regular_file() ? 1 : 0;
    }
    CHECK(files == 11);
  }
  if (::getuid() == 0) {
    REQUIRE(::seteuid(0) == 0);
  }
}

TEST_CASE("a lock that another user has left is a problem of the state, with the command that helps") {
  if (::getuid() != 0) {
    WARN("skipped: only root can leave a file to another user");
    return;
  }
  const TemporaryDirectory directory;
  REQUIRE(::chown(directory.path().c_str(), kUser, kUser) == 0);
  REQUIRE(::seteuid(kUser) == 0);
  {
    const fs::path state = directory / "state";
    PosixFilesystem filesystem(state);
    const StatePaths paths(state, "production");
    REQUIRE(filesystem.create_directories(paths.directory(), kStateDirectoryMode));
    REQUIRE(Lock::acquire(filesystem, paths.lock(), "renew"));
    CHECK(check_state(filesystem, paths));
    REQUIRE(::seteuid(0) == 0);
    REQUIRE(::chown(paths.lock().c_str(), 0, 0) == 0);
    REQUIRE(::seteuid(kUser) == 0);
    const auto checked = check_state(filesystem, paths);
    REQUIRE_FALSE(checked);
    CHECK_THAT(checked.error().advice, ContainsSubstring("chown") && ContainsSubstring(paths.lock().string()));
  }
  REQUIRE(::seteuid(0) == 0);
}
