// Others exchange a file for a link to a device while it is opened. The device is never opened: that alone can have an
// effect, such as arming a watchdog.
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <thread>

#include "core/descriptor.hpp"
#include "core/filesystem.hpp"
#include "core/whole_file.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using renewd::testing::TemporaryDirectory;
using renewd::testing::write_file;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLimit = 1024;
constexpr int kTries = 3000;

// A link that leads to a file and to a device in turn, and a watch on the device, a node of its own that nobody else
// opens.
class Swapped {
 public:
  Swapped() {
    write_file(directory_ / "file", "text");
    made_ = ::mknod((directory_ / "device").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0;
    if (!made_) {
      WARN("skipped: making a device needs root");
      return;
    }
    fs::create_symlink(directory_ / "file", link);
    REQUIRE(::inotify_add_watch(watch_.get(), (directory_ / "device").c_str(), IN_OPEN) >= 0);
    enemy_ = std::thread([this] {
      for (unsigned i = 0; !ended_; ++i) {
        fs::create_symlink(directory_ / (i % 2 == 0 ? "device" : "file"), directory_ / "next");
        fs::rename(directory_ / "next", link);
      }
    });
  }
  ~Swapped() {
    ended_ = true;
    if (enemy_.joinable()) {
      enemy_.join();
    }
  }

  explicit operator bool() const { return made_; }

  bool device_was_opened() const {
    std::array<char, 4096> events{};
    return ::read(watch_.get(), events.data(), events.size()) > 0 || errno != EAGAIN;
  }

 private:
  TemporaryDirectory directory_;

 public:
  const fs::path link = directory_ / "link";

 private:
  Descriptor watch_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
  bool made_ = false;
  std::atomic<bool> ended_ = false;
  std::thread enemy_;
};

}  // namespace

TEST_CASE("a secret that is exchanged while it is opened is read, or the device refused unopened") {
  const Swapped swapped;
  for (int i = 0; swapped && i < kTries; ++i) {
    const auto read = read_whole(swapped.link, kLimit);
    CHECK((read ? read->view() == "text" : read.error().message == "it is a device, but must be a regular file"));
  }
  CHECK((!swapped || !swapped.device_was_opened()));
}

TEST_CASE("root opens no device that takes the place of a file while it is opened") {
  if (::geteuid() != 0) {
    WARN("skipped: it is about root");
    return;
  }
  const Swapped swapped;
  const PosixFilesystem filesystem;
  for (int i = 0; swapped && i < kTries; ++i) {
    const auto read = filesystem.read(swapped.link, kLimit);
    CHECK((read ? *read == "text" : read.error().message.ends_with(": not a regular file")));
  }
  CHECK((!swapped || !swapped.device_was_opened()));
}
