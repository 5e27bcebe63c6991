// Users of this host, and becoming one.
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

// A user of this host by its name or number. Error kind: disk.
Result<User> find_user(const std::string& name);

// The number of a group by its name or number. Error kind: disk.
Result<gid_t> find_group(const std::string& name);

// Root becomes this user, with these groups and no others, for good: no saved id is left to return by. Error kind:
// disk; the process must not go on then.
Result<void> become(const User& user);

}  // namespace renewd
