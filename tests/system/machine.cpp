#include "system/machine.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::testing {
namespace {

std::filesystem::path switch_file(const std::string& name) {
  return "/run/" + name;
}

}  // namespace

Machine::Machine() {
  if (std::getenv("WITH_SYSTEMD") == nullptr) {
    throw std::runtime_error("not inside a test machine: run it by tests/system/with_systemd");
  }
}

void Machine::add_unit(const std::string& name, const std::string& service_section, const std::string& unit_section) {
  write_file("/run/systemd/system/" + name + ".service",
             "[Unit]\nStartLimitIntervalSec=0\n" + unit_section + "\n[Service]\n" + service_section + "\n");
  clear_switch(name);
  run_or_throw({"systemctl", "daemon-reload"});
}

void Machine::add_alias(const std::string& alias, const std::string& target) {
  const std::string link = "/run/systemd/system/" + alias;
  std::filesystem::remove(link);
  std::filesystem::create_symlink(target, link);
  run_or_throw({"systemctl", "daemon-reload"});
}

void Machine::start(const std::string& name) {
  run_or_throw({"systemctl", "start", name});
}

void Machine::add_running_unit(const std::string& name) {
  add_unit(name, "ExecStart=/bin/sleep infinity");
  start(name);
}

void Machine::set_switch(const std::string& name) {
  write_file(switch_file(name), "");
}

void Machine::clear_switch(const std::string& name) {
  std::filesystem::remove(switch_file(name));
}

std::string Machine::property(const std::string& name, const std::string& property) {
  std::string value = run_or_throw({"systemctl", "show", "--value", "--property", property, name});
  value.erase(value.find_last_not_of('\n') + 1);
  return value;
}

pid_t Machine::main_pid(const std::string& name) {
  return static_cast<pid_t>(std::stol(property(name, "MainPID")));
}

void Machine::allow(const std::string& user, const std::string& unit) {
  write_file("/etc/polkit-1/rules.d/50-test.rules",
             "polkit.addRule(function(action, subject) {\n"
             "  if (action.id == 'org.freedesktop.systemd1.manage-units' && subject.user == '" +
                 user + "' && action.lookup('unit') == '" + unit + "') { return polkit.Result.YES; }\n});\n");
  // polkitd also notices by itself, but nobody knows when.
  run_or_throw({"systemctl", "restart", "polkit.service"});
}

ActingAs::ActingAs(const std::string& user) {
  const passwd* entry = ::getpwnam(user.c_str());
  if (entry == nullptr || ::setegid(entry->pw_gid) != 0 || ::seteuid(entry->pw_uid) != 0) {
    throw std::runtime_error("cannot become " + user);
  }
}

ActingAs::~ActingAs() {
  if (::seteuid(0) != 0 || ::setegid(0) != 0) {
    std::abort();
  }
}

}  // namespace renewd::testing
