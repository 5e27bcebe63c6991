#include "options.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <CLI/CLI.hpp>

#include "faults.hpp"
#include "shapes.hpp"

namespace renewd::simulator {
namespace {

// What the command line holds before it means something.
struct Raw {
  std::string token_file;
  std::string password_file;
  std::string lifetime;
  std::string not_before;
  std::string think;
  unsigned status = 0;
  std::string body_file;
  std::vector<std::string> headers;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error("cannot read " + path);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string read_secret(const std::string& path) {
  std::string secret = read_file(path);
  secret.erase(secret.find_last_not_of("\r\n") + 1);
  return secret;
}

std::chrono::milliseconds parse_duration(const std::string& text) {
  char* end = nullptr;
  const long number = std::strtol(text.c_str(), &end, 10);
  const std::string unit = end == text.c_str() ? "" : end;
  for (const auto& [name, milliseconds] :
       {std::pair("ms", 1L), {"s", 1'000L}, {"m", 60'000L}, {"h", 3'600'000L}, {"d", 86'400'000L}}) {
    if (unit == name) {
      return std::chrono::milliseconds(number * milliseconds);
    }
  }
  throw std::runtime_error("\"" + text + "\" is no duration (50ms, 90s, 15m, -1h, 365d)");
}

std::string list_of_names() {
  std::string text = "shapes:";
  for (const auto& shape : shapes()) {
    text += " " + std::string(shape.name);
  }
  text += "\n\nfaults, until SIGUSR1 ends them:";
  for (const auto& [name, fault, meaning] : fault_names()) {
    text += "\n  " + std::string(name) + std::string(21 - std::min<std::size_t>(name.size(), 20), ' ') +
            std::string(meaning);
  }
  return text + "\n\nexample: gravitee-cloud-simulator --directory /tmp/cloud --initial-keystore /tmp/keystore.p12\n";
}

void describe(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("--directory", options.directory, "created; holds ca.pem, issued/ and requests.jsonl")->required();
  app.add_option("--listen", options.listen, "address and port; 0: the system chooses one")->capture_default_str();
  app.add_option("--account", options.account, "the account's id")->capture_default_str();
  auto* token = app.add_option("--token", options.token, "the account token")->capture_default_str();
  app.add_option("--token-file", raw.token_file, "a file that holds it")->excludes(token);
  auto* password = app.add_option("--password", options.password, "of what is issued")->capture_default_str();
  app.add_option("--password-file", raw.password_file, "a file that holds it")->excludes(password);
  app.add_option("--shape", options.shape, "the form of the answer")->capture_default_str();
  app.add_option("--key", options.key, "rsa:4096, rsa:2048, ec:P-256, ed25519")->capture_default_str();
  app.add_option("--prepared-keys", options.prepared_keys, "how many keys to make before it listens")
      ->capture_default_str();
  app.add_option("--initial-key", options.initial_key, "the key of the keystore that a host has installed; else --key");
  app.add_option("--lifetime", raw.lifetime, "of what is issued [365d]");
  app.add_option("--not-before", raw.not_before, "when it begins, from now: -1h [0s]");
  app.add_option("--subject-cn", options.common_name, "the common name, if not the account's id");
  app.add_option("--public-key-from", options.public_key_from,
                 "for shapes without key: the file whose key is certified [the initial keystore]");
  app.add_option("--fault", options.fault, "what goes wrong on the way to an answer: NAME or NAME:N, see below");
  auto* status = app.add_option("--status", raw.status, "answer every request with this status");
  app.add_option("--body", raw.body_file, "a file to answer with")->needs(status);
  app.add_option("--header", raw.headers, "\"Name: value\" to add to answers");
  app.add_option("--initial-keystore", options.initial_keystore, "write a keystore as a host would have it installed");
  app.add_option("--initial-days", options.initial_days, "the days it has left")->capture_default_str();
  app.add_option("--initial-format", options.initial_format, "pkcs12 or pem")
      ->check(CLI::IsMember({"pkcs12", "pem"}))
      ->capture_default_str();
  app.add_option("--client-ca", options.client_ca, "where to write the authority of what is issued [client-ca.pem]");
  app.add_option("--think", raw.think, "the time from a request to its answer: 50ms [0s]");
  app.add_flag("--quiet", options.quiet, "print no line for each request: requests.jsonl has it");
  app.add_option("--exit-after", options.exit_after, "end after this many requests");
}

void interpret(const Raw& raw, Options& options) {
  if (!raw.token_file.empty()) {
    options.token = read_secret(raw.token_file);
  }
  if (!raw.password_file.empty()) {
    options.password = read_secret(raw.password_file);
  }
  if (!raw.lifetime.empty()) {
    options.lifetime = std::chrono::floor<std::chrono::seconds>(parse_duration(raw.lifetime));
  }
  if (!raw.not_before.empty()) {
    options.not_before = std::chrono::floor<std::chrono::seconds>(parse_duration(raw.not_before));
  }
  if (!raw.think.empty()) {
    options.think = parse_duration(raw.think);
  }
  if (raw.status != 0) {
    options.fixed = FixedAnswer{raw.status, raw.body_file.empty() ? "" : read_file(raw.body_file)};
  }
  for (const auto& header : raw.headers) {
    const auto colon = header.find(": ");
    if (colon == std::string::npos) {
      throw std::runtime_error("--header \"" + header + "\": \"Name: value\" is expected");
    }
    options.headers.emplace_back(header.substr(0, colon), header.substr(colon + 2));
  }
  if (options.common_name.empty()) {
    options.common_name = options.account;
  }
  if (options.client_ca.empty()) {
    options.client_ca = options.directory / "client-ca.pem";
  }
}

}  // namespace

ParsedOptions parse_options(int argc, char** argv) {
  ParsedOptions parsed;
  Raw raw;
  CLI::App app{"Stands in for Gravitee Cloud: serves POST /management/accounts/<account>/certificate/renewcert"};
  describe(app, parsed.options, raw);
  app.footer(list_of_names());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_status = app.exit(error) == 0 ? 0 : 2;
    return parsed;
  }
  interpret(raw, parsed.options);
  return parsed;
}

}  // namespace renewd::simulator
