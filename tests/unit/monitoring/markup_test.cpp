#include "monitoring/markup.hpp"

#include <regex>

#include "assessment_cases.hpp"
#include "monitoring/command_in_text.hpp"
#include "report/assessment.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::monitoring;
using namespace renewd::testing;

namespace {

// The commands of an instruction, as the page marks them.
std::vector<std::string> commands_in(const std::string& instruction_text,
                                     const std::string& certificate = "production") {
  const std::string html = instruction(instruction_text, certificate);
  const std::regex code("<code>(.*?)</code>");
  std::vector<std::string> commands;
  for (std::sregex_iterator at(html.begin(), html.end(), code), end; at != end; ++at) {
    commands.push_back(std::regex_replace((*at)[1].str(), std::regex("<[^>]*>"), ""));
  }
  return commands;
}

using Commands = std::vector<std::string>;

}  // namespace

TEST_CASE("commands end where the sentence goes on") {
  CHECK(commands_in(
            "run gravitee-renewd validate to see why, or gravitee-renewd inspect /srv/k.p12 --password-file FILE to "
            "test a password") ==
        Commands{"gravitee-renewd validate", "gravitee-renewd inspect /srv/k.p12 --password-file FILE"});
  CHECK(commands_in("gravitee-renewd renew --dry-run tries again") == Commands{"gravitee-renewd renew --dry-run"});
  CHECK(commands_in("if a timer runs gravitee-renewd renew instead, set schedule.run_by: timer") ==
        Commands{"gravitee-renewd renew"});
  CHECK(commands_in("run gravitee-renewd renew production") == Commands{"gravitee-renewd renew production"});
  CHECK(commands_in("run gravitee-renewd rollback production --to 2; if not") ==
        Commands{"gravitee-renewd rollback production --to 2"});
  CHECK(commands_in("(timedatectl), check: df -h and df -i show it") == Commands{"timedatectl", "df -h", "df -i"});
  CHECK(
      commands_in("find the cause with journalctl -u gateway and fix it; then run systemctl restart gateway.service") ==
      Commands{"journalctl -u gateway", "systemctl restart gateway.service"});
  CHECK(commands_in("run: chown gravitee-renewd: '/srv/my keys/k.p12' && chmod 0640 '/srv/my keys/k.p12'") ==
        Commands{
            "chown gravitee-renewd: &#39;/srv/my keys/k.p12&#39; &amp;&amp; chmod 0640 &#39;/srv/my keys/k.p12&#39;"});
  CHECK(commands_in("run gravitee-renewd init --permissions --user gravitee, then systemctl daemon-reload && systemctl "
                    "restart gravitee-renewd; or") ==
        Commands{"gravitee-renewd init --permissions --user gravitee",
                 "systemctl daemon-reload &amp;&amp; systemctl restart gravitee-renewd"});
}

TEST_CASE("the name of a program in a sentence is no command") {
  CHECK(commands_in("make it readable for gravitee-renewd and the gateway").empty());
  CHECK(commands_in("gravitee-renewd").empty());
  CHECK(commands_in("/usr/share/doc/gravitee-renewd/docs/operations.md, with gravitee-renewd, systemctl").empty());
  CHECK(commands_in("xgravitee-renewd renew").empty());
  CHECK(command_length("", "production") == 0);
  CHECK(command_length("chown ", "production") == 0);
  CHECK(command_length("df '", "production") == 4);
}

TEST_CASE("every command in the advice of an assessment is marked, and nothing else of it") {
  const std::regex program("(^|[ (])(gravitee-renewd [a-z]|systemctl|journalctl|chown|timedatectl)");
  for (const AssessmentCase& test : assessment_cases()) {
    for (const auto& finding : report::assess(test.standing, {}, kNow).findings) {
      INFO(finding.advice);
      const auto wanted =
          std::distance(std::sregex_iterator(finding.advice.begin(), finding.advice.end(), program), {});
      const auto commands = commands_in(finding.advice);
      std::size_t marked = 0;
      for (const std::string& command : commands) {
        marked += std::regex_search(command, program) ? 1U : 0U;
        CHECK_FALSE(std::regex_search(command, std::regex(" (to|and|or|if|then|shows?|tries|retries|instead)( |$)")));
      }
      CHECK(marked == static_cast<std::size_t>(wanted));
    }
  }
}

TEST_CASE("times have one notation, keys are code, and names do not break") {
  CHECK(prose("valid until 2027-11-23T06:00:59Z, or 2027-11-23 06:00 UTC") ==
        "valid until <time>2027-11-23 06:00 UTC</time>, or <time>2027-11-23 06:00 UTC</time>");
  CHECK(prose("(`renew: never`), not `` or `open") == "(<code>renew: never</code>), not `` or `open");
  CHECK(prose("/srv/" + std::string(40, 'x')) == "/srv/" + std::string(40, 'x'));
  CHECK(prose("in\n--to 2") == "in\n<span class=\"w\">--to</span> 2");
  CHECK(prose("run gravitee-renewd renew") == "run <span class=\"w\">gravitee-renewd</span> renew");
  CHECK(prose("2027-11-23T06:00") == "<span class=\"w\">2027-11-23T06:00</span>");
}

TEST_CASE("foreign text stays as it is, and no text becomes markup") {
  CHECK(verbatim("at 2027-11-23T06:00:59Z `x`") == "at <span class=\"w\">2027-11-23T06:00:59Z</span> `x`");
  CHECK(html_escaped("<\x1b>\n") == "&lt;\\x1b&gt;\n");
  const std::string hostile = "<b> \"<i>\" `<u>` gravitee-renewd renew -<s> '</code>' <a";
  for (const std::string& html : {verbatim(hostile), prose(hostile), instruction(hostile, "<s>")}) {
    const std::string rest = std::regex_replace(html, std::regex("</?(code|time|span)( class=\"w\")?>"), "");
    CHECK(rest.find('<') == std::string::npos);
  }
}
