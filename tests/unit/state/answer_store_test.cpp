#include "state/answer_store.hpp"

#include <sys/stat.h>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::state;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

mode_t mode_of(const std::filesystem::path& path) {
  return static_cast<mode_t>(std::filesystem::status(path).permissions());
}

}  // namespace

TEST_CASE("only the owner can read a stored answer") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory / "state", "production");
  AnswerStore answers(filesystem, paths);
  REQUIRE(answers.store("first"));
  REQUIRE(answers.store("second"));
  CHECK(read_file(paths.answer()) == "second");
  CHECK(mode_of(paths.answer()) == 0600);
  CHECK(mode_of(paths.directory()) == 0700);
  CHECK(mode_of(directory / "state") == 0700);
}

TEST_CASE("disk space for an answer is reserved, and used or released") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  AnswerStore answers(filesystem, paths);
  const auto taken = [&] {
    return filesystem.list(paths.directory()).value() == std::vector<std::string>{".answer.room"};
  };
  REQUIRE(answers.reserve_space());
  REQUIRE(answers.reserve_space());
  CHECK(taken());
  CHECK(std::filesystem::file_size(paths.directory() / ".answer.room") == 128 * 1024);
  answers.release_space();
  CHECK(filesystem.list(paths.directory()).value().empty());
  REQUIRE(answers.reserve_space());
  REQUIRE(answers.store("answer"));
  CHECK(filesystem.list(paths.directory()).value() == std::vector<std::string>{"answer"});
}

TEST_CASE("a used answer is removed, and discarding none is no error") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  AnswerStore answers(filesystem, paths);
  REQUIRE(answers.store("answer"));
  REQUIRE(answers.discard());
  CHECK_FALSE(std::filesystem::exists(paths.answer()));
  CHECK(answers.discard());
}

TEST_CASE("rejected answers are named by time, and the five newest stay") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  AnswerStore answers(filesystem, paths);
  for (int hour = 0; hour < 7; ++hour) {
    REQUIRE(answers.store("answer " + std::to_string(hour)));
    const auto aside = answers.set_aside(TimePoint(std::chrono::hours(hour)));
    REQUIRE(aside);
    CHECK(read_file(*aside) == "answer " + std::to_string(hour));
    CHECK_FALSE(std::filesystem::exists(paths.answer()));
  }
  const auto names = filesystem.list(paths.directory()).value();
  CHECK(names.size() == 5);
  CHECK(names.front() == "answer-rejected-1970-01-01T02:00:00Z");
  CHECK(names.back() == "answer-rejected-1970-01-01T06:00:00Z");
}

TEST_CASE("setting a missing answer aside is an error") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  AnswerStore answers(filesystem, StatePaths(directory.path(), "production"));
  CHECK(answers.set_aside(TimePoint(0s)).error().kind == ErrorKind::disk);
}
