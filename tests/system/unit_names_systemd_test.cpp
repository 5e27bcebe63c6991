// Our own reading of units' links and drop-ins, held against systemd's.
#include <filesystem>

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

TEST_CASE("systemd resolves the links of units as this program does") {
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

TEST_CASE("systemd gives an instance the command and the environment that this program reads") {
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
