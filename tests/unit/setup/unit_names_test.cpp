// Resolves names like systemd 252; tests/system/unit_names_systemd_test.cpp compares both.
#include "setup/unit_names.hpp"

#include <algorithm>

#include "host.hpp"
#include "support/catch.hpp"
#include "unit_links.hpp"

namespace renewd::setup {
namespace {

using testing::SurveyedHost;
using State = UnitIdentity::State;

TEST_CASE("resolves every alias to the unit's own name") {
  const SurveyedHost host;
  for (const auto& file : testing::kUnitFiles) {
    host.write(std::string(testing::kUnitPlace) + file.name, file.text);
  }
  for (const auto& link : testing::kUnitLinks) {
    host.link(link.target, std::string(testing::kUnitPlace) + link.name);
  }
  for (const auto& expected : testing::kUnitIdentities) {
    INFO(expected.asked_for);
    const UnitIdentity unit = identify_unit(host.files(), expected.asked_for);
    CHECK(unit.name == expected.name);
    CHECK((unit.state == State::usable   ? "loaded"
           : unit.state == State::masked ? "masked"
                                         : "not-found") == std::string(expected.load_state));
    CHECK(problem_of(unit).empty() == (unit.state == State::usable));
  }
}

TEST_CASE("links within the unit directories are aliases, and links out of them are not") {
  const SurveyedHost host;
  host.write("/usr/lib/systemd/system/graviteeio-apim-gateway.service", "[Service]\nExecStart=/gw\n");
  host.link("/usr/lib/systemd/system/graviteeio-apim-gateway.service", "/etc/systemd/system/gravitee.service");
  host.write("/srv/units/other.service", "[Service]\nExecStart=/other\n");
  host.link("/srv/units/other.service", "/etc/systemd/system/linked.service");
  CHECK(identify_unit(host.files(), "gravitee").name == "graviteeio-apim-gateway.service");
  CHECK(identify_unit(host.files(), "linked.service").name == "linked.service");
  // A link of a package, overridden by an operator's file, and then by a mask.
  host.write("/etc/systemd/system/graviteeio-apim-gateway.service", "[Service]\nExecStart=/mine\n");
  CHECK(identify_unit(host.files(), "gravitee.service").file == "/etc/systemd/system/graviteeio-apim-gateway.service");
  host.link("/dev/null", "/run/systemd/transient/graviteeio-apim-gateway.service");
  CHECK(identify_unit(host.files(), "gravitee.service").state == State::masked);
}

TEST_CASE("stops at links in a loop") {
  const SurveyedHost host;
  host.link("b.service", "/etc/systemd/system/a.service");
  host.link("a.service", "/etc/systemd/system/b.service");
  CHECK(identify_unit(host.files(), "a.service").state == State::missing);
  CHECK(find_services(host.files()).empty());
}

TEST_CASE("finds instances of a template that a unit depends on or that are running") {
  const SurveyedHost host;
  host.write("/usr/lib/systemd/system/gw@.service", "[Service]\nExecStart=/gw %i\n");
  host.link("/usr/lib/systemd/system/gw@.service", "/etc/systemd/system/multi-user.target.wants/gw@eu.service");
  host.link("../gw@.service", "/etc/systemd/system/gravitee.target.requires/gw@us\\x2deast.service");
  host.link("0123456789abcdef0123456789abcdef", "/run/systemd/units/invocation:gw@by-hand.service");
  host.link("gw@.service", "/etc/systemd/system/old@.service");
  host.link("/etc/systemd/system/old@.service", "/etc/systemd/system/multi-user.target.wants/old@alias.service");
  host.link("gw@.service", "/etc/systemd/system/gw@linked.service");
  host.write("/etc/systemd/system/gravitee.target",
             "[Unit]\nDescription=gw@no.service\nWants=gw@west.service \\\n  gw@south.service other.target\n");
  host.link("/dev/null", "/etc/systemd/system/gw@masked.service");
  host.link("../gw@.service", "/etc/systemd/system/multi-user.target.wants/gw@masked.service");
  host.link("../gone@.service", "/etc/systemd/system/multi-user.target.wants/gone@eu.service");
  std::vector<std::string> names;
  for (const auto& unit : find_services(host.files())) {
    CHECK(unit.file == "/usr/lib/systemd/system/gw@.service");
    names.push_back(unit.name);
  }
  CHECK(names == std::vector<std::string>{"gw@alias.service", "gw@by-hand.service", "gw@eu.service",
                                          "gw@linked.service", "gw@south.service", "gw@us\\x2deast.service",
                                          "gw@west.service"});
}

TEST_CASE("reads drop-ins of an instance, its template, their prefixes and their aliases") {
  const SurveyedHost host;
  host.write("/usr/lib/systemd/system/gw-a@.service", "[Service]\nExecStart=/gw\n");
  host.link("gw-a@.service", "/usr/lib/systemd/system/old@.service");
  const std::vector<std::string> directories{"gw-a@eu.service.d", "gw-a@.service.d", "gw-@eu.service.d",
                                             "gw-@.service.d",    "gw-.service.d",   "old@.service.d",
                                             "service.d"};
  for (const auto& directory : directories) {
    host.write("/etc/systemd/system/" + directory + "/" + directory + ".conf", "[Service]\n");
    host.write("/usr/lib/systemd/system/" + directory + "/same.conf", "[Service]\n");
  }
  host.write("/etc/systemd/system/gw-a@us.service.d/x.conf", "[Service]\n");
  const auto found = drop_ins(host.files(), "gw-a@eu.service");
  CHECK(found.size() == directories.size() + 1);
  CHECK(found.back() == "/etc/systemd/system/service.d/service.d.conf");
  CHECK(std::find(found.begin(), found.end(), "/usr/lib/systemd/system/gw-a@eu.service.d/same.conf") != found.end());
}

}  // namespace
}  // namespace renewd::setup
