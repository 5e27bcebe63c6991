#include "setup/unit_files.hpp"

#include <algorithm>

#include "host.hpp"
#include "support/catch.hpp"

namespace renewd::setup {
namespace {

using testing::SurveyedHost;

ServiceUnit only_unit(const SurveyedHost& host) {
  auto units = read_service_units(host.files());
  REQUIRE(units.size() == 1);
  return std::move(units[0]);
}

std::vector<std::string> names(const std::vector<ServiceUnit>& units) {
  std::vector<std::string> names;
  for (const auto& unit : units) {
    names.push_back(unit.name);
  }
  return names;
}

TEST_CASE("reads the command of a service, and its environment") {
  const SurveyedHost host;
  host.write("/usr/lib/systemd/system/gw.service",
             "[Service]\n# Environment=A=no\nEnvironment=A=1 \"B=two words\" \\\n; not here\n  C=3\n"
             "ExecStart=-@/opt/gw/bin/gravitee argv0 \"one two\"\nWorkingDirectory=/srv/%N\n"
             "[Install]\nEnvironment=D=no\n");
  const auto unit = only_unit(host);
  CHECK(unit.environment == std::map<std::string, std::string>{{"A", "1"}, {"B", "two words"}, {"C", "3"}});
  CHECK(unit.command == std::vector<std::string>{"/opt/gw/bin/gravitee", "argv0", "one two"});
  CHECK(unit.working_directory == "/srv/gw");
  CHECK(unit.notes.empty());
}

TEST_CASE("uses the unit file of the highest priority, and drop-ins in the order of their names") {
  const SurveyedHost host;
  host.write("/lib/systemd/system/a-b.service", "[Service]\nEnvironment=A=lib\nExecStart=/lib\n");
  host.write("/etc/systemd/system/a-b.service", "[Service]\nEnvironment=A=etc B=etc\nExecStart=/etc\n");
  host.write("/usr/lib/systemd/system/a-b.service.d/20-x.conf", "[Service]\nEnvironment=A=20 C=20\n");
  host.write("/etc/systemd/system/service.d/30-all.conf", "[Service]\nEnvironment=D=all\n");
  host.write("/etc/systemd/system/a-.service.d/10-prefix.conf", "[Service]\nEnvironment=A=10 E=prefix\n");
  host.write("/etc/systemd/system/a-b.service.d/10-prefix.conf", "[Service]\nEnvironment=A=10b F=own\n");
  host.write("/etc/systemd/system/a-.service.d/50-place.conf", "[Service]\nEnvironment=G=etc\n");
  host.write("/usr/lib/systemd/system/a-b.service.d/50-place.conf", "[Service]\nEnvironment=G=lib\n");
  host.write("/etc/systemd/system/a-b.service.d/not-a-drop-in.txt", "[Service]\nEnvironment=A=txt\n");
  host.link("/dev/null", "/etc/systemd/system/a-b.service.d/40-masked.conf");
  host.write("/usr/lib/systemd/system/a-b.service.d/40-masked.conf", "[Service]\nEnvironment=A=masked\n");
  const auto unit = only_unit(host);
  CHECK(unit.environment == std::map<std::string, std::string>{
                                {"A", "20"}, {"B", "etc"}, {"C", "20"}, {"D", "all"}, {"F", "own"}, {"G", "etc"}});
  CHECK(unit.command == std::vector<std::string>{"/etc"});
}

TEST_CASE("reads booleans in all of systemd's spellings") {
  for (const auto& [text, is_dynamic] : std::vector<std::pair<std::string, bool>>{
           {"Yes", true}, {"y", true}, {"T", true}, {"1", true}, {"ON", true}, {"no", false}, {"", false}}) {
    INFO(text);
    const SurveyedHost host;
    host.write("/etc/systemd/system/gw.service", "[Service]\nExecStart=/gw\nDynamicUser=" + text + "\n");
    CHECK(only_unit(host).dynamic_user == is_dynamic);
  }
}

TEST_CASE("an empty assignment resets the list") {
  const SurveyedHost host;
  host.write("/etc/systemd/system/gw.service",
             "[Service]\nEnvironment=A=1\nEnvironmentFile=/etc/one\nExecStart=/old\n");
  host.write("/etc/one", "C=1\n");
  host.write("/etc/systemd/system/gw.service.d/new.conf",
             "[Service]\nEnvironment=\nEnvironment=B=2\nEnvironmentFile=\nExecStart=\nExecStart=/new\n");
  const auto unit = only_unit(host);
  CHECK(unit.environment == std::map<std::string, std::string>{{"B", "2"}});
  CHECK(unit.command == std::vector<std::string>{"/new"});
}

TEST_CASE("environment files override Environment=, and later ones the earlier ones") {
  const SurveyedHost host;
  host.write(
      "/etc/systemd/system/gw.service",
      "[Service]\nEnvironmentFile=-/etc/default/gw\nEnvironmentFile=/etc/gw.d/*.env\nEnvironmentFile=-/etc/absent\n"
      "Environment=A=unit B=unit\nExecStart=/gw\n");
  host.write("/etc/default/gw", "A=file\nC='from the first'\n");
  host.write("/etc/gw.d/1.env", "C=1\nD=1\n");
  host.write("/etc/gw.d/2.env", "D=2\n");
  const auto unit = only_unit(host);
  CHECK(unit.environment == std::map<std::string, std::string>{{"A", "file"}, {"B", "unit"}, {"C", "1"}, {"D", "2"}});
  CHECK(unit.notes.empty());
}

TEST_CASE("notes unreadable and invalid lines, without values") {
  const SurveyedHost host;
  host.write(
      "/etc/systemd/system/gw.service",
      "[Service]\nEnvironmentFile=/etc/absent\nEnvironment=\"A=hunter2\nEnvironment=B=hunter2%h C=3\nExecStart=/gw\n");
  const auto unit = only_unit(host);
  CHECK(unit.environment == std::map<std::string, std::string>{{"C", "3"}});
  REQUIRE(unit.notes.size() == 3);
  for (const auto& note : unit.notes) {
    CHECK_THAT(note, StartsWith("gw.service: "));
    CHECK_THAT(note, !ContainsSubstring("hunter2"));
  }
}

TEST_CASE("skips templates, masked units and aliases") {
  const SurveyedHost host;
  host.write("/usr/lib/systemd/system/real.service", "[Service]\nExecStart=/gw\n");
  host.write("/usr/lib/systemd/system/template@.service", "[Service]\nExecStart=/gw\n");
  host.write("/usr/lib/systemd/system/masked.service", "[Service]\nExecStart=/gw\n");
  host.link("/dev/null", "/etc/systemd/system/masked.service");
  host.link("../../../usr/lib/systemd/system/real.service", "/etc/systemd/system/alias.service");
  host.link("../../../usr/lib/systemd/system/real.service", "/etc/systemd/system/real.service");
  host.link("../nowhere/gone.service", "/etc/systemd/system/gone.service");
  host.write("/etc/systemd/system/instance@eu.service", "[Service]\nExecStart=/gw\n");
  CHECK(names(read_service_units(host.files())) == std::vector<std::string>{"instance@eu.service", "real.service"});
}

TEST_CASE("a host without systemd has no units") {
  const SurveyedHost host;
  CHECK(read_service_units(host.files()).empty());
}

}  // namespace
}  // namespace renewd::setup
