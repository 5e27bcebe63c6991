// Answers that take much time to parse, or have a weak key: each is rejected by name.
#include "support/hostile_answers.hpp"

#include "certificate/acceptance.hpp"
#include "cloud/answer.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

constexpr std::string_view kHostileAccount = "7b6f41d3-7118-41e9-af41-d3711801e973";
constexpr const char* kHostilePassword = "changeit";

certificate::Keystore installed_keystore() {
  const TemporaryDirectory directory;
  const std::string file = (directory / "installed.pem").string();
  run_or_throw({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                "/CN=" + std::string(kHostileAccount), "-days", "10", "-keyout", file + ".key", "-out", file});
  auto opened = certificate::open_keystore(read_file(file) + read_file(file + ".key"), Secret(kHostilePassword));
  REQUIRE(opened);
  return std::move(*opened);
}

}  // namespace

TEST_CASE("a hostile answer is rejected by name before any costly computation") {
  const auto installed = installed_keystore();
  for (const auto& answer : hostile_answers(kHostileAccount, kHostilePassword)) {
    INFO(answer.name);
    CHECK(answer.bytes.size() < std::size_t{1024} * 1024);
    const auto judged = cloud::read_answer(answer.bytes, installed, Secret(kHostilePassword), [&] {
                          return installed.key;
                        }).and_then([&](const cloud::Candidate& candidate) {
      return certificate::accept(
          candidate.keystore, installed,
          {.account_id = std::string(kHostileAccount), .trusted = {}, .now = std::chrono::system_clock::now()});
    });
    REQUIRE_FALSE(judged);
    INFO(judged.error().message);
    REQUIRE(judged.error().reason);
    CHECK(std::string(to_string(*judged.error().reason)) == answer.reason);
    CHECK_THAT(judged.error().message, ContainsSubstring(answer.text));
    CHECK(judged.error().message.size() < 1000);
  }
}
