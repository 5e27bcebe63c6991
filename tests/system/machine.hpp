// The machine that tests/system/with_systemd boots: units written into it, and their state as systemctl tells it.
#pragma once

#include <sys/types.h>

#include <string>

namespace renewd::testing {

// Fails the test outside of such a machine: nobody wants these units on their own host.
class Machine {
 public:
  Machine();

  // Writes NAME.service, with /run/NAME as a switch that a unit's commands may look for, and loads it.
  void add_unit(const std::string& name, const std::string& service_section, const std::string& unit_section = "");
  // A link of that name in systemd's search path, until the end of the machine.
  void add_alias(const std::string& alias, const std::string& target);
  void start(const std::string& name);
  // One that sleeps for ever, started.
  void add_running_unit(const std::string& name);
  void set_switch(const std::string& name);
  void clear_switch(const std::string& name);

  std::string property(const std::string& name, const std::string& property);
  pid_t main_pid(const std::string& name);
  // Lets `user` do anything with one unit. Replaces an earlier rule; with an empty unit nothing is allowed.
  void allow(const std::string& user, const std::string& unit);
};

// The effective user of this process, until the end of the object.
class ActingAs {
 public:
  explicit ActingAs(const std::string& user);
  ActingAs(const ActingAs&) = delete;
  ActingAs& operator=(const ActingAs&) = delete;
  ~ActingAs();
};

}  // namespace renewd::testing
