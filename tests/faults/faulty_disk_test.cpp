// The real binary on a disk on which one call fails: the error names the file, the keystore is complete, no temporary
// files remain, and the next run completes the renewal.

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "faults/trial.hpp"
#include "support/catch.hpp"
#include "support/strace.hpp"

using namespace renewd::testing;

namespace {

struct DiskError {
  std::string name;
  int number;
};

// Which calls may end with an error, by the manual pages of Linux and what network file systems add.
struct Fault {
  DiskError error;
  std::vector<std::string> calls;
};

// Unlike opening an existing file, which needs no space, and closing one that was only read.
constexpr const char* kCreate = "openat to create";
constexpr const char* kCloseWritten = "close what was written";

const std::vector<std::string> kAll = {kCreate,      "openat",      "read",     "getdents64", "fgetxattr", "fstatfs",
                                       "newfstatat", "mkdir",       "mkdirat",  "write",      "ftruncate", "pwrite64",
                                       "fsync",      kCloseWritten, "rename",   "renameat",   "fchmod",    "fchown",
                                       "fsetxattr",  "unlink",      "unlinkat", "utimensat",  "fdatasync"};
const std::vector<std::string> kChanging = {kCreate,  "mkdir",     "mkdirat", "rename",   "renameat", "fchmod",
                                            "fchown", "fsetxattr", "unlink",  "unlinkat", "utimensat"};
const std::vector<std::string> kNeedingRoom = {kCreate, "mkdir",       "mkdirat", "write",    "ftruncate", "pwrite64",
                                               "fsync", kCloseWritten, "rename",  "renameat", "fsetxattr", "fdatasync"};

// Calls whose failure does not stop the renewal: the keystore's time is for Java's file watchers, the text of the lock
// is informational, the free space is read in order to refuse early, reserved space is released again later, and a
// journal to which nothing can be added is replaced.
bool is_best_effort(const Call& call) {
  return call.name == "utimensat" || call.name == "fstatfs" ||
         (call.path.filename() == "journal" && (call.name == "write" || call.name == "fdatasync")) ||
         ((call.path.filename() == "lock" || call.path.filename() == "rehearsal.lock") &&
          (call.name == "ftruncate" || call.name == "pwrite64")) ||
         (call.path.filename() == ".answer.room" && call.name.starts_with("unlink"));
}

std::string kind_of(const Call& call) {
  if (call.creates_file()) {
    return kCreate;
  }
  const bool temporary = call.path != "." && call.path.filename().string().starts_with('.');
  return call.name == "close" && temporary ? kCloseWritten : call.name;
}

// Whether it is on the state directory, or on the keystore, its temporary file or its directory.
bool is_on_disk(const Call& call, const std::filesystem::path& keystore) {
  const std::string path = call.path.string();
  // The configuration's directory is looked at, too, and it is the keystore's. The state's is looked at before whatever
  // is done in it: the first times stand for all.
  constexpr int kFewLooks = 3;
  if (call.name == "newfstatat" && (path == "." || (path == "state" && call.number > kFewLooks))) {
    return false;
  }
  return path.starts_with("state") || path == keystore.filename() || path.starts_with(".");
}

std::vector<std::string> names_of(const std::vector<Fault>& faults) {
  std::vector<std::string> names = {"rename", "renameat"};
  for (const auto& fault : faults) {
    for (const auto& call : fault.calls) {
      names.push_back(call.substr(0, call.find(' ')));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// A failing read may do no harm: the operation succeeds anyway, or the result was informational. The renewal must then
// be complete.
bool only_reads(const Call& call) {
  const std::string kind = kind_of(call);
  return kind == "openat" || kind == "read" || kind == "newfstatat";
}

// Where it is looked up: whether something is there, and which.
bool looks_for_something(const Call& call) {
  return call.name == "newfstatat" || call.text.find("O_PATH") != std::string::npos;
}

void check_told(const CommandResult& result, const std::filesystem::path& path, const std::string& cause) {
  CHECK(result.status == 1);
  const Events events = parse_events(result.errors);
  auto told = find_event(events, "renewal_failed");
  if (told) {
    CHECK(field(*told, "class") == "disk");
  } else {
    told = find_event(events, "certificate_unreadable");
  }
  const std::string message = told ? field(*told, "message") : "";
  CHECK_THAT(message, ContainsSubstring(path.string()));
  CHECK_THAT(message, ContainsSubstring(cause));
}

// Fewer would mean that the recording is incomplete.
constexpr int kFewest = 80;

class FaultyDisk {
 public:
  FaultyDisk(const Host& prepared, GatewayKind gateway) : prepared_(prepared), gateway_(gateway) {}

  void fail_every_call(const std::vector<Fault>& faults) {
    Trial untroubled(prepared_, gateway_);
    const Recording recording = record(untroubled.host(), names_of(faults));
    REQUIRE(recording.result.status == 0);
    untroubled.check_ended();
    auto keystore = Trial::Keystore::old_one;
    for (const Call& call : recording.calls) {
      for (const Fault& fault : faults) {
        if (is_on_disk(call, prepared_.keystore()) &&
            std::count(fault.calls.begin(), fault.calls.end(), kind_of(call)) != 0) {
          fail(call, fault.error, keystore);
        }
      }
      if (call.renames_to(prepared_.keystore().filename())) {
        keystore = Trial::Keystore::new_one;
      }
    }
  }

  int failed() const { return failed_; }

 private:
  void fail(const Call& call, const DiskError& error, Trial::Keystore keystore) {
    INFO(error.name << " at " << call.description());
    Trial trial(prepared_, gateway_);
    const Injected injected = fail_at(trial.host(), call, error.name);
    INFO(injected.result.output << injected.result.errors);
    REQUIRE(injected.happened);
    ++failed_;
    if (is_best_effort(call) || (only_reads(call) && injected.result.status == 0)) {
      CHECK(injected.result.status == 0);
      trial.check_ended();
      return;
    }
    // Of a file whose status cannot be had, the use is what fails: that it is not there, for one.
    check_told(injected.result, call.path_on(trial.host()),
               looks_for_something(call) ? "" : std::strerror(error.number));
    // Where the last step fails, the previous keystore is restored: the gateway has not been activated.
    const bool syncs = call.name == "fsync" || call.text.find("O_DIRECTORY") != std::string::npos;
    const bool put_back = syncs && call.path == ".";
    if (put_back) {
      trial.allow_put_back();
    }
    CHECK(trial.check_keystore() == (put_back ? Trial::Keystore::old_one : keystore));
    trial.check_no_temporary_file();
    trial.check_next_run();
  }

  const Host& prepared_;
  GatewayKind gateway_;
  int failed_ = 0;
};

void check_faulty_disk(const Host& prepared, GatewayKind gateway, const std::vector<Fault>& faults) {
  FaultyDisk disk(prepared, gateway);
  disk.fail_every_call(faults);
  WARN(disk.failed() << " calls failed");
  CHECK(disk.failed() >= kFewest);
}

void check_faulty_disk(const std::vector<Fault>& faults) {
  const Host prepared;
  give_acl(prepared.keystore());
  check_faulty_disk(prepared, GatewayKind::command, faults);
}

}  // namespace

TEST_CASE("a full disk, or a full quota, is reported, and does no harm") {
  check_faulty_disk({{{"ENOSPC", ENOSPC}, kNeedingRoom}, {{"EDQUOT", EDQUOT}, kNeedingRoom}});
}

TEST_CASE("a disk with errors is reported, and does no harm") {
  check_faulty_disk({{{"EIO", EIO}, kAll}});
}

TEST_CASE("a disk that denies access is reported, and does no harm") {
  check_faulty_disk(
      {{{"EROFS", EROFS}, kChanging},
       {{"EACCES", EACCES}, {kCreate, "mkdir", "mkdirat", "rename", "renameat", "unlink", "unlinkat", "utimensat"}},
       {{"EPERM", EPERM}, {"fchmod", "fchown", "fsetxattr"}},
       {{"EMFILE", EMFILE}, {kCreate, "openat"}},
       {{"ENOLCK", ENOLCK}, {"flock"}}});
}

// What is only done then: finding out how far the renewal had come.
TEST_CASE("a disk with errors is reported, and does no harm, during the recovery from a crash") {
  const Host prepared;
  give_acl(prepared.keystore());
  const Host crashed = prepared.another();
  crash_with_answer_stored(crashed);
  check_faulty_disk(crashed, GatewayKind::command, {{{"EIO", EIO}, {"openat", "read", "newfstatat", "renameat"}}});
}
