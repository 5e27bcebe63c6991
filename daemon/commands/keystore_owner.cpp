#include "commands/keystore_owner.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <boost/algorithm/string/replace.hpp>
#include <fmt/format.h>

#include "commands/permission_files.hpp"
#include "core/descriptor.hpp"
#include "core/filesystem.hpp"
#include "core/trusted_path.hpp"
#include "core/try.hpp"
#include "installation/installer.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

struct Opened {
  fs::path path;
  Descriptor directory;
  Descriptor file;
  struct stat of_directory{};
  struct stat of_file{};
};

tl::unexpected<Error> refuse(const fs::path& file, std::string_view why) {
  return failure(ErrorKind::disk, fmt::format("refusing to change the owner of {}: {}", file.string(), why));
}

// Opens the file, which must belong to `owner`, and its directory once: others may change the path meanwhile.
Result<Opened> open_both(const fs::path& keystore, uid_t owner, uid_t service) {
  // Only the owner may choose which file changes hands, or the new owner if the file is the service's already.
  const auto packaged = find_user(std::string(kServiceUser));
  TRY_LET(auto followed, follow(keystore, packaged && packaged->id == owner ? service : owner));
  Opened opened{std::move(followed.path), {}, {}, {}, {}};
  opened.directory = Descriptor(::openat(followed.directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  opened.file = Descriptor(::openat(opened.directory.get(), opened.path.filename().c_str(),
                                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!opened.directory || !opened.file || ::fstat(opened.directory.get(), &opened.of_directory) != 0 ||
      ::fstat(opened.file.get(), &opened.of_file) != 0) {
    return system_failure(ErrorKind::disk, "opening " + opened.path.string(), errno);
  }
  if (!S_ISREG(opened.of_file.st_mode) || opened.of_file.st_nlink != 1) {
    return refuse(opened.path, "it is not a regular file, or has more than one hard link");
  }
  if (owner == 0 || opened.of_file.st_uid != owner) {
    return refuse(opened.path, fmt::format("it belongs to {}, and the service can only take over a keystore of the "
                                           "gateway's user; move it to a separate directory",
                                           name_of_user(opened.of_file.st_uid)));
  }
  if (!followed.choice_of_others.empty()) {
    return refuse(opened.path, fmt::format("{} leads to it through a path that others can change: {}",
                                           keystore.string(), followed.choice_of_others));
  }
  if (opened.of_directory.st_uid != owner && opened.of_directory.st_uid != service) {
    return refuse(opened.path,
                  fmt::format("its directory belongs to {}, not to {}; move the keystore to a separate directory",
                              name_of_user(opened.of_directory.st_uid), name_of_user(owner)));
  }
  return opened;
}

// A process that has the file open can still write to it, so this replaces the file by a copy. A child process does so
// as the new owner, because the directories above still belong to the gateway.
Result<void> rewrite_as(const User& user, const fs::path& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    PosixFilesystem filesystem;
    const auto done =
        become(user)
            .and_then([&] { return filesystem.read(file, installation::kKeystoreLimit); })
            .and_then([&](const std::string& bytes) { return installation::replace(filesystem, file, bytes, bytes); });
    ::_exit(done ? 0 : 1);
  }
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0
             ? Result<void>()
             : failure(ErrorKind::disk,
                       fmt::format("rewriting {} as {} failed: run init --permissions again, and validate",
                                   file.string(), user.name));
}

// Quotes a word for a shell if necessary.
std::string quoted(const std::string& word) {
  return std::ranges::all_of(word, is_plain) ? word : "'" + boost::replace_all_copy(word, "'", "'\\''") + "'";
}

// A home directory holds more than a keystore.
bool is_home(const fs::path& directory, const passwd& user) {
  std::error_code error;
  return fs::equivalent(directory, user.pw_dir, error);
}

}  // namespace

std::string name_of_group(gid_t id) {
  const group* const entry = ::getgrgid(id);
  return entry == nullptr ? std::to_string(id) : entry->gr_name;
}

Result<OwnershipChange> plan_ownership_change(const fs::path& keystore, const User& service) {
  struct stat status{};
  if (::stat(keystore.c_str(), &status) != 0) {
    return system_failure(ErrorKind::disk, "finding " + keystore.string(), errno);
  }
  TRY_LET(const auto opened, open_both(keystore, status.st_uid, service.id));
  const passwd* const entry = ::getpwuid(status.st_uid);
  if (entry == nullptr) {
    return refuse(opened.path, fmt::format("it belongs to uid {}, which has no user on this host", status.st_uid));
  }
  if (is_home(opened.path.parent_path(), *entry)) {
    return refuse(opened.path,
                  fmt::format("its directory is the home of {}; move it to a separate directory", entry->pw_name));
  }
  const std::string name = entry->pw_name;
  TRY_LET(const auto owner, find_user(name));
  // Keeps the file's group if either user is in it.
  const auto is_in_group = [&opened](const User& one) {
    return std::ranges::find(one.groups, opened.of_file.st_gid) != one.groups.end();
  };
  const gid_t group = is_in_group(owner) || is_in_group(service) ? opened.of_file.st_gid : owner.group;
  return OwnershipChange{keystore, opened.path, status.st_uid, name, group, name_of_group(group)};
}

std::string describe(const OwnershipChange& change, std::string_view user, bool done) {
  return fmt::format(
      "{} and {} {} to {}, group {}: {} can read the keystore, and only {} can replace it or change the "
      "directory",
      change.file.string(), change.file.parent_path().string(), done ? "now belong" : "must belong", user,
      change.group_name, change.owner_name, user);
}

std::string upgrade_note(const OwnershipChange& change, std::string_view user, std::string_view certificate) {
  constexpr std::string_view kOutside = "/var/lib/gravitee-keystore";
  // Reads the file as the gateway's user, because root should follow no path below that user's directories.
  return fmt::format(
      "an upgrade of Gravitee's own package gives everything below its home back to {0} (chown -R): run `init "
      "--permissions` again after each upgrade, or move the keystore out of that home and set keystore.path in both "
      "gravitee.yml and this configuration:\n"
      "  install -d -o {1} -g {2} -m 2750 {3}\n"
      "  runuser -u {0} -- cat {4} | install -o {1} -g {2} -m 0640 /dev/stdin {3}/{5}{6}\n",
      change.owner_name, user, change.group_name, kOutside, quoted(change.keystore.string()), certificate,
      quoted(change.keystore.extension().string()));
}

Result<void> change_owner(const OwnershipChange& change, const User& user) {
  TRY_LET(const auto opened, open_both(change.keystore, change.owner, user.id));
  // The directory first, so that nobody else can replace the file any more. Its set-group-id bit gives new files its
  // group, which the service could not do because it is not in that group.
  const mode_t directory_mode =
      ((opened.of_directory.st_mode & 0777U) | S_IRWXU | S_IRGRP | S_IXGRP | S_ISGID) & ~kOthersWrite;
  if (::fchown(opened.directory.get(), user.id, change.group) != 0 ||
      ::fchmod(opened.directory.get(), directory_mode) != 0) {
    return system_failure(ErrorKind::disk, "changing the owner of " + change.file.parent_path().string(), errno);
  }
  if (::fchown(opened.file.get(), user.id, change.group) != 0 || ::fchmod(opened.file.get(), 0640) != 0) {
    return system_failure(ErrorKind::disk, "changing the owner of " + change.file.string(), errno);
  }
  return rewrite_as(user, change.file);
}

}  // namespace renewd::commands
