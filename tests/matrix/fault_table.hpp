// The faults of the matrix: the simulator's option that causes each, and how the daemon must react.
#pragma once

#include <string>
#include <vector>

namespace renewd::testing {

// The tests of the matrix, which ctest runs beside each other.
enum class Step { connection, tls, silence, header, body, contents, whole, unusual };

enum class Special {
  none,
  silent,  // the daemon waits for its deadline, which is short here; elsewhere slowness must not look like it
  second_connection,  // the fault shows there: the first connection is that of `renew --dry-run`
};

struct Fault {
  Step step;
  std::string what;
  std::string name;  // the simulator's --fault
  // Of the event `renewal_failed`. Empty: a whole answer arrived, and must be installed.
  std::string failure_class;
  Special special = Special::none;
  // The class through a proxy, where it is another one.
  std::string class_through_proxy = {};
  // Another one, where it depends on how fast the client is.
  std::string other_class = {};
};

const std::vector<Fault>& faults();

}  // namespace renewd::testing
