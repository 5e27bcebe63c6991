#include "setup/completion.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <deque>

#include "host.hpp"
#include "setup/terminal_prompt.hpp"
#include "support/catch.hpp"

namespace renewd::setup {
namespace {

using testing::SurveyedHost;

constexpr const char* kUrl = "https://eu.cloud.gravitee.io/management/accounts/7b6f41d3-7118-41e9-af41-d3711801e973";

// Types the answers, then Ctrl-D.
class ScriptedPrompt final : public InteractivePrompt {
 public:
  explicit ScriptedPrompt(std::deque<std::string> answers) : answers_(std::move(answers)) {}

  void show(const std::string& text) override { shown_ += text + "\n"; }
  std::optional<std::string> read_answer(const std::string& question) override {
    shown_ += question + "\n";
    if (answers_.empty()) {
      return std::nullopt;
    }
    auto answer = answers_.front();
    answers_.pop_front();
    return answer;
  }
  std::optional<Secret> read_secret(const std::string& question) override {
    const auto answer = read_answer(question);
    return answer ? std::optional(Secret(*answer)) : std::nullopt;
  }

  const std::string& shown() const { return shown_; }
  std::size_t left() const { return answers_.size(); }

 private:
  std::deque<std::string> answers_;
  std::string shown_;
};

FoundKeystore found() {
  FoundKeystore keystore;
  keystore.component = "apim-gateway";
  keystore.origin = "/etc/gravitee-gateway/gravitee.yml, cockpit.keystore";
  keystore.path = "/opt/gw/k.p12";
  keystore.password = Secret("s3cr3t");
  keystore.units = {"graviteeio-apim-gateway.service"};
  keystore.technical_api = {"http://localhost:18082/_node/health", "admin", Secret("adminadmin"), ""};
  return keystore;
}

Survey of(std::vector<FoundKeystore> keystores) {
  Survey survey;
  survey.keystores = std::move(keystores);
  return survey;
}

// Without a terminal.
Answered<Draft> complete(const SurveyedHost& host, const Survey& survey, const GivenOptions& given) {
  NonInteractivePrompt prompt;
  return complete({host.files(), host.filesystem(), "/etc/x"}, survey, given, prompt);
}

Answered<Draft> complete(const SurveyedHost& host, const Survey& survey, Prompt& prompt) {
  return complete({host.files(), host.filesystem(), "/etc/x"}, survey, {}, prompt);
}

std::string reasons(const Answered<Draft>& draft) {
  REQUIRE_FALSE(draft.has_value());
  std::string all;
  for (const auto& reason : draft.error().reasons) {
    all += reason + "\n";
  }
  return all;
}

TEST_CASE("needs only an account URL, and plans a file for each secret") {
  const SurveyedHost host;
  const auto draft = complete(host, of({found()}), {.account_url = std::string(kUrl) + "/"});
  REQUIRE(draft.has_value());
  const auto& certificate = draft->certificates.at(0);
  CHECK(certificate.name == "apim-gateway");
  CHECK(certificate.account_url == kUrl);
  CHECK(certificate.token_file == "/etc/x/account-token");
  CHECK(certificate.password_file == "/etc/x/keystore-password");
  CHECK(certificate.units == found().units);
  REQUIRE(draft->secrets.size() == 2);
  CHECK(draft->secrets[0].path == "/etc/x/keystore-password");
  CHECK(draft->secrets[0].content.view() == "s3cr3t");
  CHECK(draft->secrets[1].path == "/etc/x/health-password");
}

TEST_CASE("without a terminal, lists everything that is missing, with advice") {
  const SurveyedHost host;
  FoundKeystore bare;
  bare.origin = "x";
  bare.path_problem = "the placeholder ${x}";
  bare.password_problem = "a secret provider";
  const auto all = reasons(complete(host, of({bare}), {}));
  for (const char* part : {"${x}", "secret provider", "--password-file", "--account-url", "--unit"}) {
    CHECK_THAT(all, ContainsSubstring(part));
  }
  CHECK_THAT(reasons(complete(host, of({}), {})), ContainsSubstring("--from"));
}

TEST_CASE("checks the options") {
  const SurveyedHost host;
  const auto wrong =
      complete(host, of({found()}),
               {.account_url = "http://example.com/x", .password_file = host / "missing", .units = {"gateway"}});
  CHECK_THAT(reasons(wrong), ContainsSubstring("--account-url must start with https://") &&
                                 ContainsSubstring("missing") && ContainsSubstring("full name"));

  host.write("/password", "s3cr3t\n");
  const auto right =
      complete(host, of({found()}),
               {.account_url = kUrl, .token_file = "/t", .password_file = host / "password", .units = {"none"}});
  REQUIRE(right.has_value());
  CHECK(right->certificates[0].token_file == "/t");
  CHECK(right->certificates[0].password_file == host / "password");
  CHECK(right->certificates[0].units.empty());
  CHECK(right->secrets.empty());
}

TEST_CASE("rejects a wrong option before the first question") {
  const SurveyedHost host;
  const auto fifo = host / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  host.write("/empty", "");
  const std::vector<GivenOptions> wrong{
      {.account_url = "http://example.com/x"},
      {.account_url = {}, .token_file = fifo},
      {.account_url = {}, .token_file = {}, .password_file = fifo},
      {.account_url = {}, .token_file = {}, .password_file = host / "empty"},
      {.account_url = {}, .token_file = {}, .password_file = {}, .units = {"none", "gateway.service"}},
  };
  for (const GivenOptions& given : wrong) {
    ScriptedPrompt prompt({});
    const auto draft = complete({host.files(), host.filesystem(), "/etc/x"}, of({found()}), given, prompt);
    CHECK_THAT(reasons(draft), ContainsSubstring("--"));
    CHECK(prompt.shown().empty());
  }
}

TEST_CASE("a secret's file must be permanent: not a pipe, and not a file of this process only") {
  const SurveyedHost host;
  const auto fifo = host / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  struct Case {
    std::filesystem::path file;
    std::string words;
  };
  for (const auto& [file, words] : std::vector<Case>{{fifo, "a FIFO"},
                                                     {host / "", "a directory"},
                                                     {"/dev/fd/63", "/dev/fd/63"},
                                                     {"/proc/self/fd/63", "/proc/self/fd/63"},
                                                     {"/dev/null", "a device"}}) {
    CAPTURE(file);
    const auto draft = complete(host, of({found()}),
                                {.account_url = kUrl, .token_file = file, .password_file = file, .units = {"none"}});
    CHECK_THAT(reasons(draft), ContainsSubstring("--password-file must") && ContainsSubstring("--token-file must") &&
                                   ContainsSubstring(words));
    ScriptedPrompt prompt({"name", kUrl, file.string()});
    (void)complete(host, of({found()}), prompt);
    CHECK_THAT(prompt.shown(), ContainsSubstring("It must") && ContainsSubstring(words));
  }
}

TEST_CASE("asks again for an invalid token, and keeps the blanks of a password") {
  const SurveyedHost host;
  auto without = found();
  without.password.reset();
  ScriptedPrompt prompt({"", " s3cr3t ", kUrl, "", "Bearer t0ken", " t0ken "});
  const auto draft = complete(host, of({without}), prompt);
  INFO(prompt.shown());
  REQUIRE(draft.has_value());
  CHECK(draft->secrets.at(0).content.view() == " s3cr3t ");
  CHECK(draft->secrets.at(1).content.view() == "t0ken");
  CHECK_THAT(prompt.shown(), ContainsSubstring("Bearer") && !ContainsSubstring("t0ken"));
}

TEST_CASE("writes the own name of a unit instead of its alias, once") {
  const SurveyedHost host;
  host.write_stock_unit();
  host.link("/usr/lib/systemd/system/" + std::string(testing::kGatewayUnit), "/etc/systemd/system/gravitee.service");
  const std::vector<std::string> units{"gravitee.service", std::string(testing::kGatewayUnit), "gone.service"};
  const auto draft =
      complete(host, of({found()}), {.account_url = kUrl, .token_file = {}, .password_file = {}, .units = units});
  REQUIRE(draft.has_value());
  CHECK(draft->certificates[0].units == std::vector<std::string>{std::string(testing::kGatewayUnit), "gone.service"});
  const auto about = [&](const std::string& unit) {
    return std::ranges::count_if(draft->notes, [&](const auto& note) { return note.starts_with(unit + " "); });
  };
  CHECK(about("gravitee.service") == 1);
  CHECK(about("gone.service") == 1);
}

TEST_CASE("asks for missing values, and again after an invalid answer") {
  const SurveyedHost host;
  host.write("/opt/gw/other.p12", "");
  FoundKeystore bare;
  bare.origin = "/x/gravitee.yml, cockpit.keystore";
  bare.path_problem = "the placeholder ${x}";
  bare.password_problem = "a secret provider";
  ScriptedPrompt prompt({"Not A Name", std::string(65, 'a'), "my-gateway", "relative", "/missing", "/opt/gw/other.p12",
                         "typed", "eu.cloud.gravitee.io", kUrl, "/latin1-\xe9", "", "t0ken", "gateway",
                         "gateway.service"});
  const auto draft = complete(host, of({bare}), prompt);
  INFO(prompt.shown());
  REQUIRE(draft.has_value());
  CHECK(prompt.left() == 0);
  const auto& certificate = draft->certificates.at(0);
  CHECK(certificate.name == "my-gateway");
  CHECK(certificate.keystore == "/opt/gw/other.p12");
  CHECK(certificate.account_url == kUrl);
  CHECK(certificate.token_file == "/etc/x/account-token");
  CHECK(certificate.units == std::vector<std::string>{"gateway.service"});
  REQUIRE(draft->secrets.size() == 2);
  CHECK(draft->secrets[0].content.view() == "typed");
  CHECK(draft->secrets[1].path == "/etc/x/account-token");
  CHECK(draft->secrets[1].content.view() == "t0ken");
  CHECK_THAT(prompt.shown(), ContainsSubstring("URL") && ContainsSubstring("exist") && !ContainsSubstring("t0ken") &&
                                 !ContainsSubstring("typed"));
}

TEST_CASE("the user can end the dialogue at any question") {
  const SurveyedHost host;
  host.write("/opt/gw/other.p12", "");
  const std::deque<std::string> answers{"name", "/opt/gw/other.p12", "", kUrl, "", "", "none"};
  for (std::size_t given = 0; given < answers.size(); ++given) {
    ScriptedPrompt prompt({answers.begin(), answers.begin() + static_cast<std::ptrdiff_t>(given)});
    const auto draft = complete(host, of({}), prompt);
    INFO(prompt.shown());
    REQUIRE_FALSE(draft.has_value());
    CHECK(draft.error().aborted());
  }
  ScriptedPrompt prompt(answers);
  const auto draft = complete(host, of({}), prompt);
  INFO(prompt.shown());
  REQUIRE(draft.has_value());
  CHECK_FALSE(draft->certificates[0].password_file.has_value());
  CHECK(draft->certificates[0].units.empty());
  CHECK(draft->secrets.empty());
}

TEST_CASE("suggests an account URL only when it knows both the region and the account") {
  const SurveyedHost host;
  ScriptedPrompt prompt({"", kUrl, "", ""});
  auto keystore = found();
  keystore.region = GENERATE("", "us");
  REQUIRE(complete(host, of({keystore}), prompt));
  const std::string region = keystore.region.empty() ? "REGION" : "us";
  CHECK_THAT(prompt.shown(),
             ContainsSubstring("https://" + region + ".cloud.gravitee.io/management/accounts/ACCOUNT-ID") &&
                 !ContainsSubstring("https://eu."));
  keystore.units = {"none.service"};
  CHECK_THAT(reasons(complete(host, of({keystore}), {})), ContainsSubstring("https://" + region + ".cloud"));
}

TEST_CASE("verifies by the log of the unit that the survey found, and of no other") {
  const SurveyedHost host;
  auto keystore = found();
  keystore.log = LogDraft{keystore.units.front(), {}};
  const auto draft = complete(host, of({keystore}), {.account_url = kUrl});
  REQUIRE(draft);
  REQUIRE(draft->certificates[0].log);
  CHECK(draft->certificates[0].log->unit == keystore.units.front());
  for (const char* unit : {"none", "other.service"}) {
    const auto other = complete(host, of({keystore}), {.account_url = kUrl, .units = {unit}});
    REQUIRE(other);
    CHECK_FALSE(other->certificates[0].log);
  }
}

TEST_CASE("several keystores have different names and files, and suggest one account URL") {
  const SurveyedHost host;
  auto second = found();
  second.path = "/opt/am/k.p12";
  ScriptedPrompt prompt({"", kUrl, "", "", "", "", ""});
  const auto draft = complete(host, of({found(), second}), prompt);
  INFO(prompt.shown());
  REQUIRE(draft.has_value());
  REQUIRE(draft->certificates.size() == 2);
  CHECK(draft->certificates[1].name == "apim-gateway-2");
  CHECK(draft->certificates[1].account_url == kUrl);
  CHECK(draft->certificates[0].password_file == "/etc/x/keystore-password-apim-gateway");
  CHECK(draft->certificates[1].password_file == "/etc/x/keystore-password-apim-gateway-2");
}

TEST_CASE("does not ask for secrets that are not written") {
  const SurveyedHost host;
  auto without = found();
  without.password.reset();
  ScriptedPrompt prompt({"", kUrl, ""});
  const auto draft = complete({host.files(), host.filesystem(), "/etc/x", false}, of({without}), {}, prompt);
  INFO(prompt.shown());
  REQUIRE(draft.has_value());
  CHECK(draft->certificates[0].password_file == "/etc/x/keystore-password");

  NonInteractivePrompt non_interactive;
  const auto printed = complete({host.files(), host.filesystem(), "/etc/x", false}, of({without}),
                                {.account_url = kUrl}, non_interactive);
  REQUIRE(printed.has_value());
  for (const auto& one : {*draft, *printed}) {
    CHECK(one.secrets.at(0).path == "/etc/x/keystore-password");
  }
}

TEST_CASE("warns about an unsupported type and a missing keystore") {
  const SurveyedHost host;
  auto pem = found();
  pem.type = "pem";
  const auto draft = complete(host, of({pem}), {.account_url = kUrl});
  REQUIRE(draft.has_value());
  REQUIRE(draft->notes.size() == 2);
  CHECK_THAT(draft->notes[0] + draft->notes[1], ContainsSubstring("PEM") && ContainsSubstring("/opt/gw/k.p12"));
}

}  // namespace
}  // namespace renewd::setup
