#include "gateway/log_file.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <vector>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace {

namespace fs = std::filesystem;
using namespace renewd;
using namespace renewd::gateway;
using renewd::testing::TemporaryDirectory;
using renewd::testing::write_file;

void append(const fs::path& file, std::string_view text) {
  std::ofstream(file, std::ios::app | std::ios::binary) << text;
}

// A log with old lines, its position, and a reader that begins there.
struct Log {
  explicit Log(std::string_view before = "old ready\n") {
    write_file(path, before);
    position = log_position(path);
  }

  // The lines of one read, each followed by "|"; then why there may be more.
  std::string read() {
    if (!reader) {
      reader = std::make_unique<LogFile>(path, position);
    }
    std::string lines;
    const auto missing = reader->read([&](std::string_view line) { lines += std::string(line) + "|"; });
    if (!missing) {
      CHECK(missing.error().kind == ErrorKind::gateway);
    }
    return lines + (missing ? *missing : "error: " + missing.error().message);
  }

  TemporaryDirectory directory;
  fs::path path = directory / "gateway.log";
  std::string position;
  std::unique_ptr<LogFile> reader;
};

}  // namespace

TEST_CASE("reads lines after the position, each once") {
  Log log;
  append(log.path, "first\n");
  CHECK(log.read() == "first|");
  CHECK(log.read().empty());
  append(log.path, "second\nthird\n");
  CHECK(log.read() == "second|third|");
}

TEST_CASE("reads a line when it is complete") {
  Log log;
  append(log.path, "half of");
  CHECK(log.read().empty());
  append(log.path, " a line\r\n\n\nand");
  CHECK(log.read() == "half of a line|");
}

TEST_CASE("ignores the rest of a line that began before the position") {
  Log log("old\nit is not ");
  append(log.path, "ready\nnew\n");
  CHECK(log.read() == "new|");
}

TEST_CASE("follows a log across every kind of rotation") {
  Log log;
  const fs::path old = log.directory / "gateway.log.1";
  struct Rotation {
    const char* what;
    std::function<void()> between;  // after the first read
    std::string expected;
  };
  const std::vector<Rotation> cases{
      {"renamed, a new one written",
       [&] {
         append(log.path, "last\nand");
         fs::rename(log.path, old);
         write_file(log.path, "new\n");
       },
       "last|and|new|"},
      {"copied and truncated",
       [&] {
         append(log.path, "begun");
         log.read();
         write_file(log.path, "new\n");
       },
       "new|"},
      {"truncated, and written at the old offset",
       [&] {
         fs::resize_file(log.path, 0);
         fs::resize_file(log.path, 9);
         append(log.path, "new\n");
       },
       "new|"},
      {"renamed, no new one yet",
       [&] {
         append(log.path, "last\n");
         fs::rename(log.path, old);
       },
       "last|" + log.path.string() + " does not exist"},
      {"removed, a new one written",
       [&] {
         append(log.path, "last\n");
         fs::remove(log.path);
         write_file(log.path, "new\n");
       },
       "last|new|"},
      {"replaced by a symbolic link",
       [&] {
         fs::remove(log.path);
         write_file(log.directory / "dated.log", "new\n");
         fs::create_symlink("dated.log", log.path);
       },
       "new|"},
  };
  for (const auto& [what, between, expected] : cases) {
    CAPTURE(what);
    write_file(log.path, "old ready\n");
    log.position = log_position(log.path);
    log.reader.reset();
    append(log.path, "seen\n");
    CHECK(log.read() == "seen|");
    between();
    CHECK(log.read() == expected);
    fs::remove(log.path);
  }
}

TEST_CASE("reads a new log from its beginning") {
  Log log;
  CHECK(log.read().empty());
  fs::rename(log.path, log.directory / "gateway.log.1");
  CHECK_THAT(log.read(), ContainsSubstring("does not exist"));
  append(log.directory / "gateway.log.1", "late\n");
  write_file(log.path, "new\n");
  CHECK(log.read() == "late|new|");
}

TEST_CASE("a position is valid in another process") {
  Log log;
  append(log.path, "after\n");
  SECTION("the same file") {
    CHECK(log.read() == "after|");
  }
  SECTION("renamed meanwhile: the rest of the old file comes first") {
    fs::rename(log.path, log.directory / "gateway-2026-11-23.log");
    CHECK(log.read() == "after|" + log.path.string() + " does not exist");
    write_file(log.path, "new\n");
    CHECK(log.read() == "new|");
  }
  SECTION("renamed and compressed meanwhile: the new file is all there is") {
    fs::remove(log.path);
    CHECK_THAT(log.read(), ContainsSubstring("does not exist"));
    write_file(log.directory / "another", "");  // so that the inode is another one's
    write_file(log.path, "new\n");
    CHECK(log.read() == "new|");
  }
  SECTION("truncated meanwhile") {
    write_file(log.path, "new\n");
    CHECK(log.read() == "new|");
  }
}

TEST_CASE("reads a log that did not exist before from its beginning") {
  Log log;
  fs::remove(log.path);
  log.position = log_position(log.path);
  CHECK(log.position == "- " + log.path.string());
  CHECK(log.read() == log.path.string() + " does not exist");
  write_file(log.path, "new\n");
  CHECK(log.read() == "new|");
}

TEST_CASE("without a position for this log, reads what comes after the first read") {
  Log log;
  const std::string another = log_position(log.directory / "another.log");
  std::string before_the_file = log.position;
  before_the_file.insert(before_the_file.rfind(':', before_the_file.find(' ')) + 1, "-");
  for (const std::string& position :
       {std::string(), another, std::string("1:2:3"), std::string("1:2:x " + another), std::string(":::"),
        before_the_file, "99999999999999999999:1:1 " + log.path.string()}) {
    CAPTURE(position);
    log.position = position;
    log.reader.reset();
    CHECK(log.read().empty());
    append(log.path, "new\n");
    CHECK(log.read() == "new|");
  }
  log.position.clear();
  log.reader.reset();
  fs::remove(log.path);
  CHECK_THAT(log.read(), ContainsSubstring("does not exist"));
  write_file(log.path, "new\n");
  CHECK(log.read() == "new|");
}

TEST_CASE("truncates a long line") {
  Log log;
  append(log.path, "x" + std::string(3 * kLogLineLimit, 'y'));
  CHECK(log.read().empty());
  append(log.path, "ready\nnext\n");
  CHECK(log.read() == "x" + std::string(kLogLineLimit - 1, 'y') + "|next|");
}

TEST_CASE("reads a large log in pieces, so that the event loop does not block for long") {
  Log log;
  const std::string line(1023, 'x');
  std::string text;
  for (int i = 0; i < 6 * 1024; ++i) {
    text += line + "\n";
  }
  append(log.path, text + "end\n");
  const std::string first = log.read();
  CHECK(first.size() < text.size());
  CHECK_THAT(first, EndsWith("is still being read"));
  CHECK_THAT(log.read(), EndsWith("|end|"));
}

TEST_CASE("refuses everything but a readable regular file, without blocking") {
  const TemporaryDirectory directory;
  const auto refused = [&](const fs::path& path, const std::string& why) {
    CAPTURE(path);
    const auto checked = check_log_file(path);
    REQUIRE_FALSE(checked);
    CHECK_THAT(checked.error().message, StartsWith("reading the log " + path.string()) && ContainsSubstring(why));
    const auto read = LogFile(path, log_position(path)).read([](std::string_view) {});
    REQUIRE_FALSE(read);
    CHECK(read.error().message == checked.error().message);
  };
  REQUIRE(::mkfifo((directory / "fifo").c_str(), 0600) == 0);
  refused(directory / "fifo", "not a regular file");
  refused(directory.path(), "not a regular file");
  refused("/dev/null", "not a regular file");
  fs::create_symlink("loop", directory / "loop");
  CHECK_THAT(check_log_file(directory / "loop").error().message, ContainsSubstring("symbolic links"));
  CHECK_THAT(check_log_file(directory / "none").error().message, ContainsSubstring("No such file"));
  write_file(directory / "good", "");
  CHECK(check_log_file(directory / "good"));
}

TEST_CASE("a device in place of a log is refused without opening it") {
  const TemporaryDirectory directory;
  const fs::path device = directory / "device";
  if (::mknod(device.c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0) {
    WARN("skipped: making a device needs root");
    return;
  }
  const Descriptor watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  REQUIRE(::inotify_add_watch(watch.get(), device.c_str(), IN_OPEN) >= 0);
  CHECK_FALSE(check_log_file(device));
  CHECK_FALSE(LogFile(device, log_position(device)).read([](std::string_view) {}));
  std::array<char, 4096> events{};
  CHECK((::read(watch.get(), events.data(), events.size()) < 0 && errno == EAGAIN));
}

TEST_CASE("closes its descriptor") {
  const auto open_files = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const auto before = open_files();
  {
    Log log;
    log.read();
    fs::rename(log.path, log.directory / "old");
    write_file(log.path, "");
    log.read();
    CHECK(open_files() == before + 1);
  }
  CHECK(open_files() == before);
}
