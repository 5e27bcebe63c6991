#include "core/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "core/descriptor.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace std::chrono_literals;
using renewd::testing::TemporaryDirectory;

namespace {

constexpr std::size_t kLimit = 1024;

struct Fifo {
  Fifo() { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }
  TemporaryDirectory directory;
  std::filesystem::path path = directory / "fifo";
};

// Expires only because of a bug.
const PipeTimeout kPatient{.limit = 10min, .on_wait = {}};
const PipeTimeout kImpatient{.limit = 20ms, .on_wait = {}};

}  // namespace

TEST_CASE("a pipe is read to its end, even with a late and slow writer") {
  const Fifo fifo;
  std::thread writer([&fifo] {
    std::this_thread::yield();
    const Descriptor end(::open(fifo.path.c_str(), O_WRONLY | O_CLOEXEC));  // waits for the reader
    for (const char c : std::string("secret")) {
      (void)!::write(end.get(), &c, 1);
      std::this_thread::yield();
    }
  });
  const auto read = read_whole(fifo.path, kLimit, &kPatient);
  writer.join();
  REQUIRE(read.has_value());
  CHECK(read->view() == "secret");
}

TEST_CASE("what does not state its size is read whole: a pipe, and a file of the kernel") {
  const std::string long_text(3000, 'x');
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  REQUIRE(::write(writer.get(), long_text.data(), long_text.size()) == static_cast<ssize_t>(long_text.size()));
  writer.close();
  CHECK(read_whole("/dev/fd/" + std::to_string(reader.get()), 4096, &kPatient)->view() == long_text);

  const auto status = read_whole("/proc/self/status", std::size_t{64} * 1024);
  REQUIRE(status.has_value());
  CHECK_THAT(std::string(status->view()), StartsWith("Name:") && EndsWith("\n"));
  CHECK(status->view().size() > 600);
  CHECK_THAT(read_whole("/proc/self/status", 600).error().message, ContainsSubstring("larger than"));
}

TEST_CASE("a pipe opened by the shell is read, even after its writer has exited") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  const std::filesystem::path path = "/dev/fd/" + std::to_string(reader.get());
  SECTION("with something in it") {
    REQUIRE(::write(writer.get(), "x", 1) == 1);
    writer.close();
    CHECK(read_whole(path, kLimit, &kPatient)->view() == "x");
  }
  SECTION("empty") {
    writer.close();
    CHECK(read_whole(path, kLimit, &kPatient)->empty());
  }
}

TEST_CASE("a pipe that no writer opens or closes is reported while waiting, and becomes an error") {
  const Fifo fifo;
  CHECK_THAT(read_whole(fifo.path, kLimit, &kImpatient).error().message, ContainsSubstring("nothing was written"));
  const Descriptor writer(::open(fifo.path.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(::write(writer.get(), "x", 1) == 1);
  CHECK_THAT(read_whole(fifo.path, kLimit, &kImpatient).error().message, ContainsSubstring("did not close"));

  std::vector<std::string> heard;
  const PipeTimeout talking{.limit = 1100ms, .on_wait = [&heard](std::string_view what) { heard.emplace_back(what); }};
  CHECK_FALSE(read_whole(fifo.path, kLimit, &talking).has_value());
  CHECK(heard.size() == 1);
}

TEST_CASE("a pipe with too much data is an error") {
  const Fifo fifo;
  const Descriptor writer(::open(fifo.path.c_str(), O_RDWR | O_CLOEXEC));
  const std::string much(kLimit + 1, 'x');
  REQUIRE(::write(writer.get(), much.data(), much.size()) == static_cast<ssize_t>(much.size()));
  CHECK_THAT(read_whole(fifo.path, kLimit, &kPatient).error().message, ContainsSubstring("larger than 1 KiB"));
}

TEST_CASE("without a timeout a pipe is refused, and a device always") {
  const Fifo fifo;
  CHECK_THAT(read_whole(fifo.path, kLimit).error().message, ContainsSubstring("a FIFO"));
  CHECK_THAT(read_whole("/dev/zero", kLimit, &kPatient).error().message, ContainsSubstring("a device"));
  CHECK_THAT(read_whole(fifo.directory.path(), kLimit, &kPatient).error().message, ContainsSubstring("a directory"));
}
