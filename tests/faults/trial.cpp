#include "faults/trial.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "faults/whole_keystore.hpp"
#include "support/catch.hpp"
#include "support/strace.hpp"

namespace renewd::testing {
namespace {

// How often the cloud may be asked: once more after an answer that was lost.
constexpr std::ptrdiff_t kAskedAtMost = 2;

std::string gateway_yaml(const Host& host, GatewayKind gateway) {
  if (gateway == GatewayKind::none) {
    return "gateway: {none: {}}";
  }
  std::string script = "sha256sum < " + host.keystore().string() + " >> " + (host / "activations").string();
  if (gateway == GatewayKind::refusing) {
    script += "; cmp -s " + host.keystore().string() + " " + (host / "old-keystore").string();
  }
  return "gateway: {command: {argv: [/bin/sh, -c, \"" + script + "\"]}}";
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

void give_acl(const std::filesystem::path& keystore) {
  (void)run({"setfacl", "--modify", "user:3456:r", keystore.string()});
}

void crash_with_answer_stored(const Host& host) {
  const Host untroubled = host.another();
  const std::vector<Call> calls = record(untroubled, {"rename", "renameat", "renameat2", "fsync"}).calls;
  const auto stored = std::find_if(calls.begin(), calls.end(),
                                   [&](const Call& call) { return call.renames_to("state/production/answer"); });
  REQUIRE(stored != calls.end());
  const Injected killed = kill_before(host, *std::next(stored));
  REQUIRE(killed.happened);
  REQUIRE(std::filesystem::exists(host.state() / "answer"));
}

Trial::Trial(const Host& prepared, GatewayKind gateway)
    : host_(prepared.another()),
      gateway_(gateway),
      old_(snapshot(host_.keystore())),
      answered_before_(std::filesystem::exists(host_.state() / "answer")),
      requests_before_(host_.cloud().request_count()) {
  write_file(host_ / "old-keystore", old_.bytes);
  host_.configure({.certificate = {gateway_yaml(host_, gateway)}, .keystore = {}, .http = {}});
}

void Trial::move_keystore(const std::filesystem::path& directory) {
  run_or_throw({"cp", "--archive", host_.keystore().string(), directory.string()});
  std::filesystem::remove(host_.keystore());
  std::filesystem::create_symlink(directory / host_.keystore().filename(), host_.keystore());
  old_ = snapshot(host_.keystore());
}

std::ptrdiff_t Trial::requests() const {
  return static_cast<std::ptrdiff_t>(host_.cloud().request_count() - requests_before_);
}

Trial::Keystore Trial::check_keystore() const {
  const Snapshot now = snapshot(host_.keystore());
  CHECK(now.owner == old_.owner);
  CHECK(now.group == old_.group);
  CHECK(now.mode == old_.mode);
  CHECK(now.acl == old_.acl);
  if (now.bytes == old_.bytes) {
    CHECK((now == old_ || put_back_ || gateway_ == GatewayKind::refusing));  // one that came back is another file
    return Keystore::old_one;
  }
  const auto certificate = certificate_of_whole(now.bytes, kKeystorePassword);
  REQUIRE(certificate);
  // No other trial has been given one meanwhile: it is of the newest.
  const auto issued = host_.cloud().issued();
  CHECK(std::any_of(
      issued.end() - std::min<std::ptrdiff_t>(std::ssize(issued), kAskedAtMost), issued.end(),
      [&](const auto& file) { return certificate_of_whole(read_file(file), kKeystorePassword) == certificate; }));
  return Keystore::new_one;
}

void Trial::check_no_temporary_file() const {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(host_.directory())) {
    INFO(entry.path());
    CHECK_FALSE(is_temporary(entry.path()));
  }
}

void Trial::check_next_run() {
  // Once the answer or the new keystore is stored, nothing has to be requested.
  const bool answered = std::filesystem::exists(host_.state() / "answer") || read_file(host_.keystore()) != old_.bytes;
  const std::ptrdiff_t requests_until_now = requests();
  const CommandResult result = run(host_.renew_command(), without_leak_check());
  check_no_secret(result.output + result.errors);
  INFO("the next run: " << result.output << result.errors);
  CHECK(result.status == (gateway_ == GatewayKind::refusing ? 1 : 0));
  if (answered) {
    CHECK(requests() == requests_until_now);
  }
  check_ended();
}

void Trial::check_ended() const {
  check_no_temporary_file();
  CHECK(requests() <= (answered_before_ ? 0 : kAskedAtMost));
  if (gateway_ == GatewayKind::refusing) {
    check_rolled_back();
  } else {
    check_renewed();
  }
}

void Trial::check_renewed() const {
  CHECK(check_keystore() == Keystore::new_one);
  std::set<std::string> state = {"lock",          "generations",   "generations.json",
                                 "generations/1", "history.jsonl", "requests.json"};
  if (gateway_ == GatewayKind::command) {
    state.insert({"in-use", "generations/2"});
    CHECK(read_file(host_.state() / "generations/2") == read_file(host_.keystore()));
    CHECK(newest_activation() == sha256(read_file(host_.keystore())));
  }
  CHECK(names_below(host_.state()) == state);
  CHECK(read_file(host_.state() / "generations/1") == old_.bytes);
  const std::string history = read_file(host_.state() / "history.jsonl");
  CHECK(std::count(history.begin(), history.end(), '\n') == 1);
}

// The gateway runs with the previous keystore, and the answer is stored for another attempt.
void Trial::check_rolled_back() const {
  CHECK(check_keystore() == Keystore::old_one);
  CHECK(newest_activation() == sha256(old_.bytes));
  CHECK(std::filesystem::exists(host_.state() / "answer"));
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
