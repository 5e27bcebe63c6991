// Every form shows the same findings for every state of a certificate.

#include <boost/json.hpp>

#include "assessment_cases.hpp"
#include "commands/check.hpp"
#include "commands/exit_status.hpp"
#include "commands/status.hpp"
#include "commands/status_table.hpp"
#include "core/text.hpp"
#include "monitoring/markup.hpp"
#include "monitoring/page.hpp"
#include "report/summary.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::commands;
using namespace renewd::testing;
using report::Severity;

namespace {

namespace json = boost::json;

json::object as_json(const Overview& overview) {
  return json::parse(status_json(overview, "/var/lib/gravitee-renewd", kNow)).as_object();
}

std::string page_of(const report::CertificateStatus& standing) {
  return monitoring::page({{standing.name}, {{standing.name, standing}}, kNow, {}});
}

std::string css_class(Severity severity) {
  return severity == Severity::ok ? "good" : severity == Severity::warning ? "attention" : "bad";
}

std::string text(const json::value& value) {
  return std::string(value.as_string());
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("check, status, its JSON, the page and STATUS= have the same severity") {
  for (const AssessmentCase& test : assessment_cases()) {
    INFO(test.name);
    const Severity worst = test.findings.front().second;
    const std::string word(to_string(worst));
    const Overview overview{{test.standing}, "run"};

    CHECK(check_result(overview, {}, kNow).status == static_cast<int>(worst));
    Screen wide;
    wide.width = 400;
    CHECK(contains(status_table(overview, kNow, wide), "production   " + word + "  "));
    const json::object whole = as_json(overview);
    const json::object& shown = whole.at("certificates").as_array().at(0).as_object();
    CHECK(text(whole.at("severity")) == lower_case(word));
    CHECK(text(shown.at("severity")) == lower_case(word));
    CHECK(text(shown.at("state")) == lower_case(word));
    CHECK(contains(page_of(test.standing), "<article class=\"" + css_class(worst) + "\" id="));
    CHECK(contains(page_of(test.standing), "<h1 class=\"" + css_class(worst) + "\">"));
    CHECK_THAT(report::summary(test.standing, kNow),
               StartsWith(worst == Severity::ok ? "production: " : "production " + word + ": "));
  }
}

TEST_CASE("check, status, its JSON, the page and STATUS= have the same findings") {
  for (const AssessmentCase& test : assessment_cases()) {
    INFO(test.name);
    const Overview overview{{test.standing}, "run"};
    Screen wide;
    wide.width = 2000;
    const std::string line = check_result(overview, {}, kNow).line;
    const std::string table = status_table(overview, kNow, wide);
    const std::string page = page_of(test.standing);
    const std::string sentence = report::summary(test.standing, kNow);
    const json::array shown = as_json(overview).at("certificates").as_array().at(0).at("findings").as_array();
    REQUIRE(shown.size() == test.findings.size());
    for (std::size_t i = 0; i < shown.size(); ++i) {
      CHECK(text(shown[i].at("kind")) == to_string(test.findings[i].first));
      CHECK(text(shown[i].at("severity")) == lower_case(to_string(test.findings[i].second)));
      const std::string message = text(shown[i].at("message"));
      const std::string advice = text(shown[i].at("advice"));
      INFO(message);
      CHECK(contains(line, message));
      // The time left has its own column.
      CHECK((test.findings[i].first == report::FindingKind::not_expiring || contains(table, message)));
      CHECK(contains(sentence, message));
      CHECK(contains(page, monitoring::prose(message)));
      CHECK(contains(page, monitoring::instruction(advice, "production")));
    }
  }
}

TEST_CASE("the time left is that of the certificate that expires first") {
  auto standing = standing_in({});
  standing.in_use = another_in_use(3 * std::chrono::days(1));
  const Overview overview{{standing}, "run"};
  CHECK_THAT(status_table(overview, kNow, Screen()), ContainsSubstring("3 days") && !ContainsSubstring("]  312 days"));
  CHECK_THAT(check_result(overview, {}, kNow).line, ContainsSubstring("days=3;"));
  CHECK(as_json(overview).at("certificates").as_array().at(0).at("days_left") == 3);
  CHECK_THAT(page_of(standing), ContainsSubstring("3 days left"));
}

TEST_CASE("the JSON has the severity of the worst certificate") {
  CHECK(as_json({{standing_in({}), unreadable("broken")}, "run"}).at("severity") == "critical");
  CHECK(as_json({{standing_in({}), standing_in({})}, "run"}).at("severity") == "ok");
}
