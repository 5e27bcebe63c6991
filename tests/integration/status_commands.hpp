// `status` and `check` with the real binary.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "support/catch.hpp"
#include "support/host.hpp"

namespace renewd::testing {

inline constexpr std::chrono::seconds kDeadline{30};

inline CommandResult command(const Host& host, const std::vector<std::string>& arguments,
                             const std::map<std::string, std::string>& environment = {}) {
  std::vector<std::string> argv{RENEWD_BINARY, "--config", host.configuration().string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  CommandResult result = run(argv, {.environment = environment});
  check_no_secret(result.output + result.errors);
  return result;
}

inline boost::json::object status_of(const Host& host) {
  const auto result = command(host, {"status", "--json"});
  CHECK(result.status == 0);
  return boost::json::parse(result.output).as_object();
}

inline boost::json::object certificate_of(const boost::json::object& status) {
  return status.at("certificates").as_array().at(0).as_object();
}

}  // namespace renewd::testing
