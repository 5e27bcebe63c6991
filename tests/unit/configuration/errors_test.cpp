// Files that are wrong: each error with its place and with what to write instead.
#include "bad_files.hpp"
#include "configuration/loader.hpp"
#include "nearly_right.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::configuration {
namespace {

// Each file has the one error, and only that.
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

TEST_CASE("refuses what belongs to later versions, rather than ignoring it") {
  check(keys_of_later_versions());
}

TEST_CASE("names the keys that are missing at the map that lacks them") {
  check(missing_keys());
}

TEST_CASE("refuses values of the wrong type") {
  check(wrong_types());
}

TEST_CASE("refuses what is given twice") {
  check(given_twice());
}

TEST_CASE("refuses values that make no sense in a certificate") {
  check(wrong_in_a_certificate());
}

TEST_CASE("refuses secrets that do not say where they are") {
  check(wrong_secrets());
}

TEST_CASE("refuses maintenance windows that are not what they seem") {
  check(wrong_windows());
}

TEST_CASE("says when no time zone can be known") {
  const testing::EnvironmentVariable nowhere("TZDIR", "/nonexistent");
  check({{with_line("renew_windows: [{timezone: America/Bogota}]"), "3:32",
          "`renew_windows.timezone` must be the name of a time zone that this system has; this system has no time "
          "zones, install tzdata"}});
}

TEST_CASE("a window without a zone needs that of the host, and says so at its place when it is not known") {
  const testing::EnvironmentVariable wrong("TZ", "Europe/Pari");
  check({{with_line("renew_windows: [{days: [sat]}]"), "3:21",
          "`renew_windows.timezone` is needed, since the time zone of this host is not known: TZ is \"Europe/Pari\""}});
  CHECK(parse(with_line("renew_windows: [{timezone: UTC}]")).has_value());
  CHECK(parse(with_line("renew_before: 20d")).has_value());
}

TEST_CASE("says when the file of a zone is damaged") {
  const testing::TemporaryDirectory directory;
  const testing::EnvironmentVariable zones("TZDIR", directory.path().string());
  testing::write_file(directory / "zone.tab", "MA\t+3339-00735\tAfrica/Casablanca\n");
  std::filesystem::create_directory(directory / "Africa");
  testing::write_file(directory / "Africa/Casablanca", "TZif2");
  check({{with_line("renew_windows: [{timezone: Africa/Casablanca}]"), "3:32",
          "the file of Africa/Casablanca cannot be read"}});
}

TEST_CASE("refuses gateways that could not be told what to do") {
  check(wrong_gateways());
}

TEST_CASE("refuses a health check that could not work") {
  check(wrong_health_checks());
}

TEST_CASE("refuses log lines to look for that could not work") {
  check(wrong_log_lines());
}

TEST_CASE("refuses values that make no sense in the rest of the file") {
  check(wrong_in_the_rest());
}

TEST_CASE("refuses places for metrics that could not be used, or that others could reach") {
  check(wrong_metrics());
}

TEST_CASE("explains what is not YAML") {
  check(not_yaml());
}

}  // namespace
}  // namespace renewd::configuration
