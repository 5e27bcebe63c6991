// Finds users of this host, and switches to one.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/error.hpp"

namespace renewd {

struct User {
  std::string name;
  uid_t id = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;
  std::string home;
};

// By name or number. Error kind: disk.
Result<User> find_user(const std::string& name);

// By name or number. Error kind: disk.
Result<gid_t> find_group(const std::string& name);

// Switches from root to this user and its groups, permanently: without a saved id to switch back. Error kind: disk; the
// process must then exit.
Result<void> become(const User& user);

}  // namespace renewd
