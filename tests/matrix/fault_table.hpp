// What goes wrong on the way to an answer, how the simulator is told to do it, and what the daemon must make of it.
#pragma once

#include <string>
#include <vector>

namespace renewd::testing {

// The tests of the matrix, which ctest runs beside each other.
enum class Step { connection, tls, silence, header, body, contents, whole, unusual };

struct Fault {
  Step step;
  std::string what;
  std::string name;  // the simulator's --fault
  // Of the event `renewal_failed`. Empty: a whole answer arrived, and must be installed.
  std::string failure_class;
  // The same through a proxy, where it is another one.
  std::string class_through_proxy = {};
  // The daemon waits until its deadline, which is short here; elsewhere a slow machine must not look like silence.
  bool silent = false;
  // The fault shows in the second connection: the first one is that of `renew --dry-run`.
  bool second_connection = false;
};

const std::vector<Fault>& faults();

}  // namespace renewd::testing
