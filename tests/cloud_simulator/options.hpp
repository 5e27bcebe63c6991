// The command line of the simulator.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace renewd::simulator {

// An answer that is the same for every request, whatever the request.
struct FixedAnswer {
  unsigned status;
  std::string body;
};

struct Options {
  std::filesystem::path directory;
  std::string listen = "127.0.0.1:0";
  std::string account = "7b6f41d3-7118-41e9-af41-d3711801e973";
  std::string token = "simulator-token";
  std::string password = "changeit";
  std::string shape = "pkcs12";
  std::string key = "rsa:4096";
  std::chrono::seconds lifetime = std::chrono::days(365);
  std::chrono::seconds not_before{0};  // from now
  std::string common_name;             // empty: the account
  std::filesystem::path public_key_from;
  std::string fault;
  std::optional<FixedAnswer> fixed;
  std::vector<std::pair<std::string, std::string>> headers;
  std::filesystem::path initial_keystore;
  int initial_days = 10;
  std::string initial_key;
  unsigned prepared_keys = 1;  // made before it listens, for the first answers
  std::string initial_format = "pkcs12";
  std::filesystem::path client_ca;
  std::chrono::milliseconds think{0};  // between a request and its answer; others are served meanwhile
  bool quiet = false;                  // print no line for each request
  unsigned exit_after = 0;             // 0: never
};

struct ParsedOptions {
  Options options;
  // Set when there is nothing to serve (--help, a usage error): what to exit with.
  std::optional<int> exit_status;
};

// Throws when a file that is named cannot be read, or a value is none of those that are listed.
ParsedOptions parse_options(int argc, char** argv);

}  // namespace renewd::simulator
