#include "commands/keystore_owner.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "core/descriptor.hpp"
#include "core/held_directories.hpp"
#include "core/trusted_path.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

struct Opened {
  Descriptor directory;
  Descriptor file;
  struct stat of_directory{};
  struct stat of_file{};
};

// Found once and held: the owner of the directory may change any name in it meanwhile.
Result<Opened> open_both(const fs::path& file) {
  Opened opened;
  opened.directory = open_without_links(file.parent_path(), O_RDONLY | O_DIRECTORY);
  if (!opened.directory || ::fstat(opened.directory.get(), &opened.of_directory) != 0) {
    return system_failure(ErrorKind::disk, "opening the directory " + file.parent_path().string(), errno);
  }
  opened.file = Descriptor(::openat(opened.directory.get(), file.filename().c_str(),
                                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!opened.file || ::fstat(opened.file.get(), &opened.of_file) != 0) {
    return system_failure(ErrorKind::disk, "opening " + file.string(), errno);
  }
  const auto refuse = [&file](const std::string& why) {
    return failure(ErrorKind::disk, file.string() + " is not changed: " + why);
  };
  if (!S_ISREG(opened.of_file.st_mode) || opened.of_file.st_nlink != 1) {
    return refuse("it is not a regular file with a single name");
  }
  if (opened.of_file.st_uid == 0 || opened.of_directory.st_uid != opened.of_file.st_uid) {
    return refuse(
        fmt::format("it belongs to {} in a directory of {}, and only what the gateway's user owns, file and "
                    "directory, is taken from it; put the keystore into a directory of its own",
                    name_of_user(opened.of_file.st_uid), name_of_user(opened.of_directory.st_uid)));
  }
  return opened;
}

}  // namespace

std::string name_of_group(gid_t id) {
  const group* const entry = ::getgrgid(id);
  return entry == nullptr ? std::to_string(id) : entry->gr_name;
}

Result<ForeignKeystore> find_foreign(const fs::path& keystore, const User& service) {
  std::error_code error;
  const fs::path file = fs::canonical(keystore, error);
  if (error) {
    return system_failure(ErrorKind::disk, "finding " + keystore.string(), error.value());
  }
  const auto opened = open_both(file);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  const uid_t owner = opened->of_file.st_uid;
  const passwd* const entry = ::getpwuid(owner);
  if (entry == nullptr) {
    return failure(ErrorKind::disk,
                   fmt::format("{} belongs to uid {}, which is no user of this host", file.string(), owner));
  }
  const std::string name = entry->pw_name;
  const auto user = find_user(name);
  if (!user) {
    return tl::unexpected(user.error());
  }
  // A group that one of the two users is in; where the file has another one, its owner has read it as such.
  const auto is_in_group = [&opened](const User& one) {
    return std::ranges::find(one.groups, opened->of_file.st_gid) != one.groups.end();
  };
  const gid_t group = is_in_group(*user) || is_in_group(service) ? opened->of_file.st_gid : user->group;
  return ForeignKeystore{keystore, file, owner, name, group, name_of_group(group)};
}

std::string explain(const ForeignKeystore& foreign, std::string_view user, bool done) {
  return fmt::format(
      "{} and {} {} to {}, group {}: {} can read the keystore, and only {} can replace it or change what is "
      "in the directory",
      foreign.file.string(), foreign.file.parent_path().string(), done ? "now belong" : "have to belong", user,
      foreign.group_name, foreign.owner_name, user);
}

std::string place_outside(const ForeignKeystore& foreign, std::string_view user, std::string_view certificate) {
  constexpr std::string_view kOutside = "/var/lib/gravitee-keystore";
  return fmt::format(
      "an upgrade of Gravitee's own package gives everything below its home back to {0} (chown -R): run `init "
      "--permissions` again after it, or keep the keystore outside, and name it there in keystore.path of both "
      "gravitee.yml and this configuration:\n"
      "  install -d -o {1} -g {2} -m 2750 {3}\n"
      "  install -o {1} -g {2} -m 0640 {4} {3}/{5}{6}\n",
      foreign.owner_name, user, foreign.group_name, kOutside, foreign.keystore.string(), certificate,
      foreign.keystore.extension().string());
}

Result<void> give(const ForeignKeystore& foreign, const User& user) {
  const auto opened = open_both(foreign.file);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  if (opened->of_file.st_uid != foreign.owner) {
    return failure(ErrorKind::disk, foreign.file.string() + " was changed meanwhile; run it again");
  }
  // The directory first: from then on nobody else puts another file into the place of this one. New files get its group
  // (the set-group-id bit), which the service, not being in it, could not give them.
  const mode_t directory_mode =
      ((opened->of_directory.st_mode & 0777U) | S_IRWXU | S_IRGRP | S_IXGRP | S_ISGID) & ~kOthersWrite;
  if (::fchown(opened->directory.get(), user.id, foreign.group) != 0 ||
      ::fchmod(opened->directory.get(), directory_mode) != 0) {
    return system_failure(ErrorKind::disk, "giving away " + foreign.file.parent_path().string(), errno);
  }
  if (::fchown(opened->file.get(), user.id, foreign.group) != 0 || ::fchmod(opened->file.get(), 0640) != 0) {
    return system_failure(ErrorKind::disk, "giving away " + foreign.file.string(), errno);
  }
  return {};
}

}  // namespace renewd::commands
