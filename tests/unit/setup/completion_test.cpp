#include "setup/completion.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <deque>

#include "host.hpp"
#include "setup/person.hpp"
#include "support/catch.hpp"

namespace renewd::setup {
namespace {

using testing::SurveyedHost;

constexpr const char* kUrl = "https://eu.cloud.gravitee.io/management/accounts/7b6f41d3-7118-41e9-af41-d3711801e973";

// Gives the answers in turn and then goes away.
class ScriptedPerson final : public Person {
 public:
  explicit ScriptedPerson(std::deque<std::string> answers) : answers_(std::move(answers)) {}

  void tell(const std::string& text) override { heard_ += text + "\n"; }
  std::optional<std::string> ask(const std::string& question) override {
    heard_ += question + "\n";
    if (answers_.empty()) {
      return std::nullopt;
    }
    auto answer = answers_.front();
    answers_.pop_front();
    return answer;
  }
  std::optional<Secret> ask_secret(const std::string& question) override {
    const auto answer = ask(question);
    return answer ? std::optional(Secret(*answer)) : std::nullopt;
  }

  const std::string& heard() const { return heard_; }
  std::size_t left() const { return answers_.size(); }

 private:
  std::deque<std::string> answers_;
  std::string heard_;
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

// Without a person.
Answered<Draft> complete(const SurveyedHost& host, const Survey& survey, const Given& given) {
  NoAnswers nobody;
  return complete({host.files(), host.filesystem(), "/etc/x"}, survey, given, nobody);
}

Answered<Draft> complete(const SurveyedHost& host, const Survey& survey, Person& person) {
  return complete({host.files(), host.filesystem(), "/etc/x"}, survey, {}, person);
}

std::string reasons(const Answered<Draft>& draft) {
  REQUIRE_FALSE(draft.has_value());
  std::string all;
  for (const auto& reason : draft.error().reasons) {
    all += reason + "\n";
  }
  return all;
}

TEST_CASE("with an account URL nothing is missing, and every secret has a file of its own") {
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

TEST_CASE("without a person, everything that is missing is listed, with what to do") {
  const SurveyedHost host;
  FoundKeystore bare;
  bare.origin = "x";
  bare.path_problem = "it holds the placeholder ${x}";
  bare.password_problem = "it is kept by a secret provider";
  const auto all = reasons(complete(host, of({bare}), {}));
  for (const char* part : {"${x}", "secret provider", "--password-file", "--account-url", "--unit"}) {
    CHECK_THAT(all, ContainsSubstring(part));
  }
  CHECK_THAT(reasons(complete(host, of({}), {})), ContainsSubstring("--from"));
}

TEST_CASE("what the command line says is checked") {
  const SurveyedHost host;
  const auto wrong =
      complete(host, of({found()}),
               {.account_url = "http://example.com/x", .password_file = host / "missing", .units = {"gateway"}});
  CHECK_THAT(reasons(wrong), ContainsSubstring("--account-url must begin with https://") &&
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

TEST_CASE("a wrong option ends it before the first question") {
  const SurveyedHost host;
  const auto fifo = host / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  host.write("/empty", "");
  const std::vector<Given> wrong{
      {.account_url = "http://example.com/x"},
      {.account_url = {}, .token_file = fifo},
      {.account_url = {}, .token_file = {}, .password_file = fifo},
      {.account_url = {}, .token_file = {}, .password_file = host / "empty"},
      {.account_url = {}, .token_file = {}, .password_file = {}, .units = {"none", "gateway.service"}},
  };
  for (const Given& given : wrong) {
    ScriptedPerson person({});
    const auto draft = complete({host.files(), host.filesystem(), "/etc/x"}, of({found()}), given, person);
    CHECK_THAT(reasons(draft), ContainsSubstring("--") || ContainsSubstring("the unit: none must be"));
    CHECK(person.heard().empty());
  }
}

TEST_CASE("a secret's file is one that stays: no pipe, and nothing of this process alone") {
  const SurveyedHost host;
  const auto fifo = host / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  struct Case {
    std::filesystem::path file;
    std::string words;
  };
  for (const auto& [file, words] : std::vector<Case>{{fifo, "is a FIFO"},
                                                     {host / "", "is a directory"},
                                                     {"/dev/fd/63", "/dev/fd/63 will not"},
                                                     {"/proc/self/fd/63", "/proc/self/fd/63 will not"},
                                                     {"/dev/null", "is a device"}}) {
    CAPTURE(file);
    const auto draft = complete(host, of({found()}),
                                {.account_url = kUrl, .token_file = file, .password_file = file, .units = {"none"}});
    CHECK_THAT(reasons(draft), ContainsSubstring("--password-file: it must") &&
                                   ContainsSubstring("--token-file: it must") && ContainsSubstring(words));
    ScriptedPerson person({"name", kUrl, file.string()});
    (void)complete(host, of({found()}), person);
    CHECK_THAT(person.heard(), ContainsSubstring("It must") && ContainsSubstring(words));
  }
}

TEST_CASE("a token that cannot be sent is asked for again, and a password keeps its blanks") {
  const SurveyedHost host;
  auto without = found();
  without.password.reset();
  ScriptedPerson person({"", " s3cr3t ", kUrl, "", "Bearer t0ken", " t0ken "});
  const auto draft = complete(host, of({without}), person);
  INFO(person.heard());
  REQUIRE(draft.has_value());
  CHECK(draft->secrets.at(0).content.view() == " s3cr3t ");
  CHECK(draft->secrets.at(1).content.view() == "t0ken");
  CHECK_THAT(person.heard(), ContainsSubstring("begins with \"Bearer \"") && !ContainsSubstring("t0ken"));
}

TEST_CASE("a unit that is named by an alias is written by its own name, once") {
  const SurveyedHost host;
  host.write_stock_unit();
  host.link("/usr/lib/systemd/system/" + std::string(testing::kGatewayUnit), "/etc/systemd/system/gravitee.service");
  const std::vector<std::string> units{"gravitee.service", std::string(testing::kGatewayUnit), "gone.service"};
  const auto draft =
      complete(host, of({found()}), {.account_url = kUrl, .token_file = {}, .password_file = {}, .units = units});
  REQUIRE(draft.has_value());
  CHECK(draft->certificates[0].units == std::vector<std::string>{std::string(testing::kGatewayUnit), "gone.service"});
  CHECK(std::count(draft->notes.begin(), draft->notes.end(),
                   "gravitee.service is an alias of graviteeio-apim-gateway.service, which is written") == 1);
  CHECK(std::count(draft->notes.begin(), draft->notes.end(), "gone.service does not exist on this host") == 1);
}

TEST_CASE("a person answers what is missing, and is asked again after a bad answer") {
  const SurveyedHost host;
  host.write("/opt/gw/other.p12", "");
  FoundKeystore bare;
  bare.origin = "/x/gravitee.yml, cockpit.keystore";
  bare.path_problem = "it holds the placeholder ${x}";
  bare.password_problem = "it is kept by a secret provider";
  ScriptedPerson person({"Not A Name", std::string(65, 'a'), "my-gateway", "relative", "/missing", "/opt/gw/other.p12",
                         "typed", "eu.cloud.gravitee.io", kUrl, "/latin1-\xe9", "", "t0ken", "gateway",
                         "gateway.service"});
  const auto draft = complete(host, of({bare}), person);
  INFO(person.heard());
  REQUIRE(draft.has_value());
  CHECK(person.left() == 0);
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
  CHECK_THAT(person.heard(), ContainsSubstring("It is not a URL") && ContainsSubstring("It does not exist") &&
                                 !ContainsSubstring("t0ken") && !ContainsSubstring("typed"));
}

TEST_CASE("a person who goes away at any question ends it") {
  const SurveyedHost host;
  host.write("/opt/gw/other.p12", "");
  const std::deque<std::string> answers{"name", "/opt/gw/other.p12", "", kUrl, "", "", "none"};
  for (std::size_t given = 0; given < answers.size(); ++given) {
    ScriptedPerson person({answers.begin(), answers.begin() + static_cast<std::ptrdiff_t>(given)});
    const auto draft = complete(host, of({}), person);
    INFO(person.heard());
    REQUIRE_FALSE(draft.has_value());
    CHECK(draft.error().aborted());
  }
  ScriptedPerson person(answers);
  const auto draft = complete(host, of({}), person);
  INFO(person.heard());
  REQUIRE(draft.has_value());
  CHECK_FALSE(draft->certificates[0].password_file.has_value());
  CHECK(draft->certificates[0].units.empty());
  CHECK(draft->secrets.empty());
}

TEST_CASE("several keystores have names and files of their own, and one account URL as the default") {
  const SurveyedHost host;
  auto second = found();
  second.path = "/opt/am/k.p12";
  ScriptedPerson person({"", kUrl, "", "", "", "", ""});
  const auto draft = complete(host, of({found(), second}), person);
  INFO(person.heard());
  REQUIRE(draft.has_value());
  REQUIRE(draft->certificates.size() == 2);
  CHECK(draft->certificates[1].name == "apim-gateway-2");
  CHECK(draft->certificates[1].account_url == kUrl);
  CHECK(draft->certificates[0].password_file == "/etc/x/keystore-password-apim-gateway");
  CHECK(draft->certificates[1].password_file == "/etc/x/keystore-password-apim-gateway-2");
}

TEST_CASE("nothing secret is asked for when nobody would write it") {
  const SurveyedHost host;
  auto without = found();
  without.password.reset();
  ScriptedPerson person({"", kUrl, ""});
  const auto draft = complete({host.files(), host.filesystem(), "/etc/x", false}, of({without}), {}, person);
  INFO(person.heard());
  REQUIRE(draft.has_value());
  CHECK(draft->certificates[0].password_file == "/etc/x/keystore-password");

  NoAnswers nobody;
  const auto printed =
      complete({host.files(), host.filesystem(), "/etc/x", false}, of({without}), {.account_url = kUrl}, nobody);
  REQUIRE(printed.has_value());
  for (const auto& one : {*draft, *printed}) {
    CHECK(one.secrets.at(0).path == "/etc/x/keystore-password");
  }
}

TEST_CASE("a type that Gravitee does not take, and a keystore that is not there yet, are told") {
  const SurveyedHost host;
  auto pem = found();
  pem.type = "pem";
  const auto draft = complete(host, of({pem}), {.account_url = kUrl});
  REQUIRE(draft.has_value());
  REQUIRE(draft->notes.size() == 2);
  CHECK_THAT(draft->notes[0] + draft->notes[1], ContainsSubstring("PEM") && ContainsSubstring("no such file"));
}

}  // namespace
}  // namespace renewd::setup
