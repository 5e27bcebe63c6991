// Files with one error each: the loader's message, and whether the JSON Schema finds the error, too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace renewd::configuration {

struct BadFile {
  std::string yaml;
  std::string place;    // "LINE:COLUMN" of the loader's one error
  std::string message;  // part of it
  // Why the schema accepts this file; empty where it refuses it, too.
  std::string_view beyond_schema = {};
};
using BadFiles = std::vector<BadFile>;

// Rules that a JSON Schema cannot express.
inline constexpr std::string_view kSameKeyTwice = "in JSON, the same key twice is one key";
inline constexpr std::string_view kOtherEntry = "it would have to compare two entries of a list";
inline constexpr std::string_view kOtherValue = "it would have to compare the values of two keys";
inline constexpr std::string_view kSizeOfDuration = "it cannot count with a number and a unit";
inline constexpr std::string_view kTimeZoneNames = "it does not know the time zones of the system";
inline constexpr std::string_view kExpression = "it does not know RE2's expressions";
inline constexpr std::string_view kZeroByte = "it would need a pattern for every text, against what nobody types";
inline constexpr std::string_view kAddresses = "it knows an address by its form alone";
inline constexpr std::string_view kNumberSpelling = "it sees the number, not how it is spelt";

BadFiles unknown_keys();
BadFiles missing_keys();
BadFiles wrong_types();
BadFiles given_twice();
BadFiles wrong_in_a_certificate();
BadFiles wrong_secrets();
BadFiles wrong_windows();
BadFiles wrong_gateways();
BadFiles wrong_health_checks();
BadFiles wrong_log_lines();
BadFiles wrong_in_the_rest();
BadFiles wrong_metrics();
BadFiles wrong_fleets();
// Syntax errors: no schema sees these files.
BadFiles not_yaml();

// All except syntax errors.
BadFiles all_bad_files();

}  // namespace renewd::configuration
