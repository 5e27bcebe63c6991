#include "faults/trial.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "faults/whole_keystore.hpp"
#include "support/catch.hpp"

namespace renewd::testing {
namespace {

std::string gateway_yaml(const Host& host, GatewayKind gateway) {
  if (gateway == GatewayKind::none) {
    return "gateway: {none: {}}";
  }
  return "gateway: {command: {argv: [/bin/sh, -c, \"sha256sum < " + host.keystore().string() + " >> " +
         (host / "activations").string() + "\"]}}";
}

bool is_temporary(const std::filesystem::path& file) {
  return file.filename().string().starts_with('.');
}

std::set<std::string> names_below(const std::filesystem::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    names.insert(entry.path().lexically_relative(directory).string());
  }
  return names;
}

}  // namespace

std::string to_string(GatewayKind gateway) {
  return gateway == GatewayKind::command ? "command" : "none";
}

void give_acl(const std::filesystem::path& keystore) {
  (void)run({"setfacl", "--modify", "user:3456:r", keystore.string()});
}

Trial::Trial(const Host& prepared, GatewayKind gateway)
    : host_(prepared.another()),
      gateway_(gateway),
      before_(snapshot(host_.keystore())),
      requests_before_(host_.cloud().requests().size()),
      issued_before_(host_.cloud().issued().size()) {
  host_.configure({.certificate = {gateway_yaml(host_, gateway)}, .keystore = {}, .http = {}});
}

Trial::Keystore Trial::check_keystore() {
  const Snapshot now = snapshot(host_.keystore());
  if (now.bytes == before_.bytes) {
    CHECK(now == before_);
    return Keystore::old_one;
  }
  CHECK(now.owner == before_.owner);
  CHECK(now.group == before_.group);
  CHECK(now.mode == before_.mode);
  CHECK(now.acl == before_.acl);
  const auto certificate = certificate_of_whole(now.bytes, kKeystorePassword);
  REQUIRE(certificate);
  const auto issued = host_.cloud().issued();
  CHECK(std::any_of(issued.begin() + static_cast<std::ptrdiff_t>(issued_before_), issued.end(), [&](const auto& file) {
    return certificate_of_whole(read_file(file), kKeystorePassword) == certificate;
  }));
  return Keystore::new_one;
}

void Trial::check_no_temporary_file() const {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(host_.directory())) {
    INFO(entry.path());
    CHECK_FALSE(is_temporary(entry.path()));
  }
}

// Once the new keystore is there, or its answer is, nobody has to be asked.
bool Trial::answer_is_safe() {
  return std::filesystem::exists(host_.state() / "answer") || read_file(host_.keystore()) != before_.bytes;
}

void Trial::check_next_run_completes() {
  const bool safe = answer_is_safe();
  const std::size_t requests = host_.cloud().requests().size();
  const CommandResult result = host_.renew();
  INFO("the next run: " << result.output << result.errors);
  CHECK(result.status == 0);
  if (safe) {
    CHECK(host_.cloud().requests().size() == requests);
  }
  check_completed();
}

void Trial::check_completed() {
  CHECK(check_keystore() == Keystore::new_one);
  check_no_temporary_file();
  // One that was lost, and one more.
  CHECK(host_.cloud().requests().size() <= requests_before_ + 2);
  std::set<std::string> expected = {"lock", "generations", "generations/1", "history.jsonl"};
  if (gateway_ == GatewayKind::command) {
    expected.insert("in-use");
    CHECK(newest_activation() == sha256(read_file(host_.keystore())));
  }
  CHECK(names_below(host_.state()) == expected);
  CHECK(read_file(host_.state() / "generations/1") == before_.bytes);
  const std::string history = read_file(host_.state() / "history.jsonl");
  CHECK(std::count(history.begin(), history.end(), '\n') == 1);
}

std::optional<std::string> Trial::newest_activation() const {
  std::optional<std::string> newest;
  if (std::filesystem::exists(host_ / "activations")) {
    std::istringstream lines(read_file(host_ / "activations"));
    for (std::string checksum, name; lines >> checksum >> name;) {
      newest = checksum;
    }
  }
  return newest;
}

}  // namespace renewd::testing
