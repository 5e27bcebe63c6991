// The real binary on a disk on which one call fails: the error is told with the file that it happened to, the keystore
// is whole, nothing is left lying about, and the next run completes the renewal.

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "faults/strace.hpp"
#include "faults/trial.hpp"
#include "support/catch.hpp"

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

// Told apart from opening what is there, which needs no room, and from closing what was only read.
constexpr const char* kCreate = "openat to create";
constexpr const char* kCloseWritten = "close what was written";

const std::vector<std::string> kNeedingRoom = {kCreate, "mkdir",       "write",  "ftruncate", "pwrite64",
                                               "fsync", kCloseWritten, "rename", "fsetxattr"};

// What a failure costs nothing: the renewal goes on. The time of the keystore is for Java's file watchers, the text of
// the lock for people, the free space is asked in order to refuse in time.
bool is_best_effort(const Call& call) {
  return call.name == "utimensat" || call.name == "statfs" ||
         ((call.name == "ftruncate" || call.name == "pwrite64") && call.text.find("/lock>") != std::string::npos);
}

std::string kind_of(const Call& call) {
  if (call.name == "openat" && call.text.find("O_CREAT") != std::string::npos) {
    return kCreate;
  }
  return call.name == "close" && call.text.find("/.") != std::string::npos ? kCloseWritten : call.name;
}

// The first path in the call that is in the state directory, or is the keystore, its temporary file or its directory;
// empty for a call on anything else. Relative to the host's directory.
std::string path_in(const Call& call, const Host& host) {
  const std::string directory = host.directory().string();
  const auto begin = call.text.find(directory);
  if (begin == std::string::npos) {
    return {};
  }
  const auto end = call.text.find_first_of("\">", begin);
  const std::string path = call.text.substr(begin + directory.size(), end - begin - directory.size());
  const std::string keystore = host.keystore().filename().string();
  const bool ours = path.empty() || path.starts_with("/state") || path == "/" + keystore || path.starts_with("/.");
  return ours ? directory + path : std::string();
}

bool installs(const Call& call, const Host& host) {
  return call.name == "rename" && call.text.find(", \"" + host.keystore().string() + "\"") != std::string::npos;
}

std::vector<std::string> names_of(const std::vector<Fault>& faults) {
  std::vector<std::string> names = {"rename"};
  for (const auto& fault : faults) {
    for (const auto& call : fault.calls) {
      names.push_back(call.substr(0, call.find(' ')));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

void check_told(const CommandResult& result, const std::string& path, const DiskError& error) {
  CHECK(result.status == 1);
  const Events events = parse_events(result.errors);
  auto told = find_event(events, "renewal_failed");
  if (told) {
    CHECK(field(*told, "class") == "disk");
  } else {
    told = find_event(events, "certificate_unreadable");
  }
  const std::string message = told ? field(*told, "message") : "";
  CHECK_THAT(message, ContainsSubstring(path));
  CHECK_THAT(message, ContainsSubstring(std::strerror(error.number)));
}

struct Injection {
  Call call;
  std::string path;  // on the host where the calls were recorded
  DiskError error;
  Trial::Keystore keystore;  // afterwards
};

class FaultyDisk {
 public:
  FaultyDisk(const Host& prepared, GatewayKind gateway) : prepared_(prepared), gateway_(gateway) {}

  void fail_every_call(const std::vector<Fault>& faults) {
    Trial untroubled(prepared_, gateway_);
    const Recording recording = record(untroubled.host(), names_of(faults));
    REQUIRE(recording.result.status == 0);
    untroubled.check_completed();
    auto keystore = Trial::Keystore::old_one;
    for (const Call& call : recording.calls) {
      const std::string path = path_in(call, untroubled.host());
      for (const Fault& fault : faults) {
        if (!path.empty() && std::count(fault.calls.begin(), fault.calls.end(), kind_of(call)) != 0) {
          fail({call, path, fault.error, keystore}, untroubled.host());
        }
      }
      if (installs(call, untroubled.host())) {
        keystore = Trial::Keystore::new_one;
      }
    }
  }

  int failed() const { return failed_; }

 private:
  void fail(const Injection& injection, const Host& recorded) {
    const Call& call = injection.call;
    INFO(injection.error.name << " at " << call.description());
    Trial trial(prepared_, gateway_);
    const Injected injected = fail_at(trial.host(), call, injection.error.name);
    INFO(injected.result.output << injected.result.errors);
    REQUIRE(injected.happened);
    ++failed_;
    if (is_best_effort(call)) {
      CHECK(injected.result.status == 0);
      trial.check_completed();
      return;
    }
    const std::string path =
        trial.host().directory().string() + injection.path.substr(recorded.directory().string().size());
    check_told(injected.result, path, injection.error);
    CHECK(trial.check_keystore() == injection.keystore);
    trial.check_no_temporary_file();
    trial.check_next_run_completes();
  }

  const Host& prepared_;
  GatewayKind gateway_;
  int failed_ = 0;
};

void check_faulty_disk(const std::vector<Fault>& faults, int at_least) {
  const Host prepared;
  give_acl(prepared.keystore());
  FaultyDisk disk(prepared, GatewayKind::command);
  disk.fail_every_call(faults);
  WARN(disk.failed() << " calls failed");
  CHECK(disk.failed() >= at_least);
}

}  // namespace

TEST_CASE("a full disk, or a full quota, is told, and harms nothing") {
  check_faulty_disk({{{"ENOSPC", ENOSPC}, kNeedingRoom}, {{"EDQUOT", EDQUOT}, kNeedingRoom}}, 100);
}

TEST_CASE("a disk with errors is told, and harms nothing") {
  check_faulty_disk(
      {{{"EIO", EIO},
        {kCreate, "openat", "read", "getdents64", "fgetxattr", "statfs", "mkdir", "write", "ftruncate", "pwrite64",
         "fsync", kCloseWritten, "rename", "fchmod", "fchown", "fsetxattr", "unlink", "utimensat"}}},
      100);
}

TEST_CASE("a disk that refuses is told, and harms nothing") {
  const std::vector<std::string> changes = {kCreate,  "mkdir",     "rename", "fchmod",
                                            "fchown", "fsetxattr", "unlink", "utimensat"};
  check_faulty_disk({{{"EROFS", EROFS}, changes},
                     {{"EACCES", EACCES}, {kCreate, "openat", "mkdir", "rename", "unlink", "utimensat"}},
                     {{"EPERM", EPERM}, {"fchmod", "fchown", "fsetxattr"}},
                     {{"EMFILE", EMFILE}, {kCreate, "openat"}},
                     {{"ENOLCK", ENOLCK}, {"flock"}}},
                    100);
}
