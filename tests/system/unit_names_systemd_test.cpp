// Compares the links, drop-ins and settings of units that setup/ reads with systemd's.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <sstream>
#include <vector>

#include <fmt/format.h>

#include "core/filesystem.hpp"
#include "setup/unit_files.hpp"
#include "setup/unit_names.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"
#include "system/machine.hpp"
#include "unit/setup/unit_links.hpp"

using namespace renewd;
using namespace renewd::testing;

TEST_CASE("links of units resolve as in systemd") {
  Machine machine;
  for (const auto& file : kUnitFiles) {
    write_file(std::string(kUnitPlace) + file.name, file.text);
  }
  for (const auto& link : kUnitLinks) {
    std::filesystem::create_symlink(link.target, std::string(kUnitPlace) + link.name);
  }
  run_or_throw({"systemctl", "daemon-reload"});
  const PosixFilesystem filesystem;
  const setup::HostFiles files(filesystem);
  for (const auto& expected : kUnitIdentities) {
    INFO(expected.asked_for);
    CHECK(machine.property(expected.asked_for, "Id") == expected.name);
    CHECK(machine.property(expected.asked_for, "LoadState") == expected.load_state);
    CHECK(setup::identify_unit(files, expected.asked_for).name == expected.name);
  }
}

namespace {

std::set<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

}  // namespace

TEST_CASE("files and drop-ins of every service are the same as in systemd") {
  Machine machine;
  const auto write = [](const std::string& path, const std::string& text) {
    const auto file = std::string(kUnitPlace) + path;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    write_file(file, text);
  };
  write("every-own.service", "[Service]\nUser=daemon\nExecStart=/bin/true\n");
  write("every-a-tpl@.service", "[Service]\nExecStart=/bin/true\n");
  write("every-tpl@.service", "[Service]\nUser=nobody\nExecStart=/bin/true\n");
  std::filesystem::create_symlink("every-own.service", std::string(kUnitPlace) + "every-alias.service");
  std::filesystem::create_directories(std::string(kUnitPlace) + "multi-user.target.wants");
  for (const std::string name : {"every-tpl@", "every-a-tpl@"}) {
    std::filesystem::create_symlink("../" + name + ".service",
                                    std::string(kUnitPlace) + "multi-user.target.wants/" + name + "eu.service");
  }
  const std::vector<std::string> names{
      "every-own.service",      "every-.service",       "every-alias.service", "service",
      "every-tpl@.service",     "every-tpl@eu.service", "every-@eu.service",   "every-@.service",
      "every-a-tpl@eu.service", "every-a-tpl@.service", "every-a-@eu.service", "every-a-.service"};
  // The same file in each two directories: which one counts?
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = 0; j < names.size(); ++j) {
      const auto pair = fmt::format("{}_{}", std::min(i, j), std::max(i, j));
      write(names[i] + ".d/" + pair + ".conf", "[Service]\nEnvironment=PAIR_" + pair + "=" + names[i] + "\n");
    }
  }
  write("every-a-tpl@.service.d/user.conf", "[Service]\nDynamicUser=Y\nGroup=mail\nSupplementaryGroups=adm tty\n");
  write("every-own.service.d/user.conf", "[Service]\nUser=\nUser=backup\n");
  run_or_throw({"systemctl", "daemon-reload"});

  const PosixFilesystem filesystem;
  const setup::HostFiles files(filesystem);
  std::set<std::string> seen;
  for (const auto& unit : setup::find_services(files)) {
    INFO(unit.name);
    seen.insert(unit.name);
    CHECK(machine.property(unit.name, "LoadState") == "loaded");
    CHECK(files.canonical(unit.file) == files.canonical(machine.property(unit.name, "FragmentPath")));
    std::set<std::string> ours;
    for (const auto& path : setup::drop_ins(files, unit.name)) {
      ours.insert(path.string());
    }
    CHECK(ours == words_of(machine.property(unit.name, "DropInPaths")));
    const auto read = setup::read_service_unit(files, unit.name);
    REQUIRE(read);
    if (!read->dynamic_user) {  // systemd makes up a name for it
      CHECK(read->user == machine.property(unit.name, "User"));
    }
    CHECK(read->group == machine.property(unit.name, "Group"));
    CHECK(read->dynamic_user == (machine.property(unit.name, "DynamicUser") == "yes"));
    CHECK(std::set(read->groups.begin(), read->groups.end()) ==
          words_of(machine.property(unit.name, "SupplementaryGroups")));
    std::set<std::string> environment;
    for (const auto& [name, value] : read->environment) {
      environment.insert(name + "=" + value);
    }
    // systemd reads their content only when it starts the unit.
    if (machine.property(unit.name, "EnvironmentFiles").empty()) {
      CHECK(environment == words_of(machine.property(unit.name, "Environment")));
    }
  }
  CHECK(seen.contains("every-own.service"));
  CHECK(seen.contains("every-tpl@eu.service"));
  CHECK(seen.contains("every-a-tpl@eu.service"));
  CHECK_FALSE(seen.contains("every-alias.service"));
}

TEST_CASE("an instance has the same command and environment as in systemd") {
  Machine machine;
  const std::string unit = "words@e\\x2du-b.service";
  machine.add_unit("words@",
                   "Type=oneshot\nEnvironment=\"FOO=p q \\\"r s\\\"\" GONE=1 I=%i J=%I N=%N P=%p F=%f S=%S\n"
                   "UnsetEnvironment=GONE\n"
                   "ExecStart=/usr/bin/printf '<%%s>' \"a%ib\" $FOO ${FOO} x${FOO}y x$FOO $$FOO ${no.such}z %I %J\n");
  std::filesystem::create_directories("/run/systemd/system/words@.service.d");
  write_file("/run/systemd/system/words@.service.d/10-more.conf", "[Service]\nEnvironment=\"D=from %%i\"\n");
  run_or_throw({"systemctl", "daemon-reload"});
  machine.start(unit);
  const PosixFilesystem filesystem;
  const auto read = setup::read_service_unit(setup::HostFiles(filesystem), unit);
  REQUIRE(read);
  std::string expected;
  for (std::size_t i = 2; i < read->command.size(); ++i) {
    expected += "<" + read->command[i] + ">";
  }
  CHECK(read->environment.at("D") == "from %i");
  CHECK(read->environment.count("GONE") == 0);
  CHECK(read->environment.at("J") == "e-u/b");
  std::string logged;
  while (logged.find('>') == std::string::npos) {
    logged = run_or_throw({"journalctl", "-o", "cat", "_SYSTEMD_UNIT=" + unit});
  }
  CHECK(logged == expected + "\n");
}
