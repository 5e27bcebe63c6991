// load() adds to parse(): reading and checking the file, and the state directory of the unit.
#include <sys/stat.h>

#include "configuration/loader.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::configuration {
namespace {

using testing::EnvironmentVariable;
using testing::TemporaryDirectory;
using testing::write_file;

constexpr std::string_view kFile = "certificates: [{name: a, renew: never, keystore: {path: /k}}]\n";

std::string only_error(const std::filesystem::path& file) {
  const auto settings = load(file);
  REQUIRE_FALSE(settings.has_value());
  REQUIRE(settings.error().size() == 1);
  CHECK(settings.error()[0].place.line == 0);
  return settings.error()[0].text(file);
}

TEST_CASE("loads a file") {
  const TemporaryDirectory directory;
  write_file(directory / "config.yaml", kFile);
  const auto settings = load(directory / "config.yaml");
  REQUIRE(settings.has_value());
  CHECK(settings->certificates.at(0).name == "a");
}

TEST_CASE("a secret in a world-readable file is an error at its place") {
  const TemporaryDirectory directory;
  const auto file = directory / "config.yaml";
  write_file(file, "certificates: [{name: a, renew: never, keystore: {path: /k, password: {value: hunter2}}}]\n");
  for (const auto& [mode, allowed] : {std::pair(0600U, true), {0640U, true}, {0644U, false}, {0604U, false}}) {
    ::chmod(file.c_str(), mode);
    const auto settings = load(file);
    CHECK(settings.has_value() == allowed);
    if (!settings) {
      const std::string text = settings.error().at(0).text(file);
      CHECK_THAT(text, StartsWith(file.string() + ":1:79: error: `keystore.password.value` is a secret") &&
                           ContainsSubstring("chmod o="));
      CHECK_THAT(text, !ContainsSubstring("hunter2"));
    }
  }
}

TEST_CASE("the state directory comes from the file, else from the unit, else from the default") {
  const TemporaryDirectory directory;
  write_file(directory / "without.yaml", kFile);
  write_file(directory / "with.yaml", std::string(kFile) + "state_directory: /from/file\n");
  CHECK(load(directory / "without.yaml")->state_directory == "/var/lib/gravitee-renewd");
  {
    const EnvironmentVariable variable("STATE_DIRECTORY", "/first:/second");
    CHECK(load(directory / "without.yaml")->state_directory == "/first");
    CHECK(load(directory / "with.yaml")->state_directory == "/from/file");
  }
  for (const char* unusable : {"", ":/second", "relative"}) {
    const EnvironmentVariable variable("STATE_DIRECTORY", unusable);
    CHECK(load(directory / "without.yaml")->state_directory == "/var/lib/gravitee-renewd");
  }
}

TEST_CASE("reports why a file cannot be read") {
  const TemporaryDirectory directory;
  SECTION("missing") {
    const auto file = directory / "missing.yaml";
    CHECK_THAT(only_error(file), ContainsSubstring(file.string() + ": error: ") && ContainsSubstring("No such file"));
  }
  SECTION("a directory") {
    CHECK_THAT(only_error(directory.path()), ContainsSubstring("a directory"));
  }
  SECTION("a fifo, without waiting for its writer") {
    const auto file = directory / "fifo";
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK_THAT(only_error(file), ContainsSubstring("a FIFO"));
  }
  SECTION("too large") {
    const auto file = directory / "large.yaml";
    write_file(file, std::string(kFile) + std::string(std::size_t{8} * 1024 * 1024, '\n'));
    CHECK_THAT(only_error(file), ContainsSubstring("larger than"));
  }
  SECTION("empty, or only comments") {
    for (const std::string_view text : {"", "\n\n", "# nothing\n", "---\n", "~\n"}) {
      const auto file = directory / "empty.yaml";
      write_file(file, text);
      CHECK_THAT(only_error(file), ContainsSubstring("`certificates` is missing"));
    }
  }
}

TEST_CASE("a diagnostic is one line with the file, its place and the error") {
  CHECK(Diagnostic{{3, 7}, "wrong"}.text("/etc/config.yaml") == "/etc/config.yaml:3:7: error: wrong");
  CHECK(Diagnostic{{}, "wrong"}.text("/etc/config.yaml") == "/etc/config.yaml: error: wrong");
}

}  // namespace
}  // namespace renewd::configuration
