// Wrong files: each error has its place and says what to write instead.
#include "bad_files.hpp"
#include "configuration/loader.hpp"
#include "nearly_right.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::configuration {
namespace {

// Each file has exactly one error.
void check(const BadFiles& files) {
  for (const auto& [yaml, place, message, beyond_schema] : files) {
    CAPTURE(yaml);
    const auto settings = parse(yaml);
    REQUIRE_FALSE(settings.has_value());
    CHECK(place_of(settings.error().front()) == place);
    CHECK_THAT(settings.error().front().message, ContainsSubstring(message));
    CHECK(settings.error().size() == 1);
  }
}

TEST_CASE("refuses unknown keys and suggests the nearest") {
  check(unknown_keys());
}

TEST_CASE("reports missing keys at the map that lacks them") {
  check(missing_keys());
}

TEST_CASE("refuses values of the wrong type") {
  check(wrong_types());
}

TEST_CASE("refuses duplicate keys and values") {
  check(given_twice());
}

TEST_CASE("refuses invalid values in a certificate") {
  check(wrong_in_a_certificate());
}

TEST_CASE("refuses secrets without a usable source") {
  check(wrong_secrets());
}

TEST_CASE("refuses invalid maintenance windows") {
  check(wrong_windows());
}

TEST_CASE("refuses a fleet that could not work") {
  check(wrong_fleets());
}

TEST_CASE("reports a host without time zones") {
  const testing::EnvironmentVariable nowhere("TZDIR", "/nonexistent");
  check({{with_line("renew_windows: [{timezone: America/Bogota}]"), "3:32", "install tzdata"}});
}

TEST_CASE("a window without a time zone uses that of the host, and is refused when that is unknown") {
  const testing::EnvironmentVariable wrong("TZ", "Europe/Pari");
  check({{with_line("renew_windows: [{days: [sat]}]"), "3:21",
          "`renew_windows.timezone` is required, because the time zone of this host cannot be determined: TZ is "
          "\"Europe/Pari\""}});
  CHECK(parse(with_line("renew_windows: [{timezone: UTC}]")).has_value());
  CHECK(parse(with_line("renew_before: 20d")).has_value());
}

TEST_CASE("reports a damaged time zone file") {
  const testing::TemporaryDirectory directory;
  const testing::EnvironmentVariable zones("TZDIR", directory.path().string());
  testing::write_file(directory / "zone.tab", "MA\t+3339-00735\tAfrica/Casablanca\n");
  std::filesystem::create_directory(directory / "Africa");
  testing::write_file(directory / "Africa/Casablanca", "TZif2");
  check({{with_line("renew_windows: [{timezone: Africa/Casablanca}]"), "3:32",
          "the file of Africa/Casablanca cannot be read"}});
}

TEST_CASE("refuses invalid gateway actions") {
  check(wrong_gateways());
}

TEST_CASE("refuses an invalid health check") {
  check(wrong_health_checks());
}

TEST_CASE("refuses invalid log patterns") {
  check(wrong_log_lines());
}

TEST_CASE("refuses invalid values in the other sections") {
  check(wrong_in_the_rest());
}

TEST_CASE("refuses unusable addresses and files for metrics, and addresses that other hosts reach") {
  check(wrong_metrics());
}

TEST_CASE("explains syntax errors") {
  check(not_yaml());
}

}  // namespace
}  // namespace renewd::configuration
