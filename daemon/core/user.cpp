#include "core/user.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "core/private_memory.hpp"

namespace renewd {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

Result<User> find_user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr && is_number(name)) {
    entry = ::getpwuid(static_cast<uid_t>(std::stoul(name)));
  }
  if (entry == nullptr) {
    return failure(ErrorKind::disk, "there is no user " + name + " on this host");
  }
  User user{entry->pw_name, entry->pw_uid, entry->pw_gid, {}, entry->pw_dir};
  int count = 16;
  user.groups.resize(static_cast<std::size_t>(count));
  while (::getgrouplist(user.name.c_str(), user.group, user.groups.data(), &count) < 0) {
    // `count` is now the number needed; add some in case the user joins a group meanwhile.
    user.groups.resize(static_cast<std::size_t>(std::max(count, 1)) + user.groups.size());
    count = static_cast<int>(user.groups.size());
  }
  user.groups.resize(static_cast<std::size_t>(count));
  return user;
}

Result<gid_t> find_group(const std::string& name) {
  if (const group* const entry = ::getgrnam(name.c_str())) {
    return entry->gr_gid;
  }
  if (is_number(name)) {
    return static_cast<gid_t>(std::stoul(name));
  }
  return failure(ErrorKind::disk, "there is no group " + name + " on this host");
}

Result<void> become(const User& user) {
  // Groups first: the new user may not change them.
  if (::setgroups(user.groups.size(), user.groups.data()) != 0 ||
      ::setresgid(user.group, user.group, user.group) != 0 || ::setresuid(user.id, user.id, user.id) != 0) {
    return system_failure(ErrorKind::disk, "switching to user " + user.name, errno);
  }
  if (::getuid() != user.id || ::geteuid() != user.id || (user.id != 0 && ::setuid(0) == 0)) {
    return failure(ErrorKind::disk, "switching to user " + user.name + ": this process can still become root");
  }
  // For child processes.
  ::setenv("HOME", user.home.c_str(), 1);
  ::setenv("USER", user.name.c_str(), 1);
  ::setenv("LOGNAME", user.name.c_str(), 1);
  ::umask(077);
  // The user may have no access to the current directory.
  if (::chdir("/") != 0) {
    return system_failure(ErrorKind::disk, "changing to the directory /", errno);
  }
  // The kernel resets PR_SET_DUMPABLE when the user changes.
  keep_memory_private();
  return {};
}

}  // namespace renewd
