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

#include "core/descriptor.hpp"
#include "core/filesystem.hpp"
#include "core/text.hpp"
#include "core/trusted_path.hpp"
#include "core/try.hpp"
#include "keystore/replacement.hpp"

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

tl::unexpected<Error> not_changed(const fs::path& file, std::string_view why) {
  return failure(ErrorKind::disk, fmt::format("{} is not changed: {}", file.string(), why));
}

// Resolves the path once and keeps both open: owners of the directories could change the path in between. The file must
// belong to `owner`.
Result<Opened> open_both(const fs::path& keystore, uid_t owner, uid_t service) {
  // Only the file's owner may choose which file is transferred; the service's user may, if the file is its own.
  const auto own = find_user(std::string(kServiceUser));
  TRY_LET(auto followed, follow(keystore, own && own->id == owner ? service : owner));
  Opened opened{std::move(followed.path), {}, {}, {}, {}};
  opened.directory = Descriptor(::openat(followed.directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  opened.file = Descriptor(::openat(opened.directory.get(), opened.path.filename().c_str(),
                                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!opened.directory || !opened.file || ::fstat(opened.directory.get(), &opened.of_directory) != 0 ||
      ::fstat(opened.file.get(), &opened.of_file) != 0) {
    return system_failure(ErrorKind::disk, "opening " + opened.path.string(), errno);
  }
  if (!S_ISREG(opened.of_file.st_mode) || opened.of_file.st_nlink != 1) {
    return not_changed(opened.path, "it is not a regular file with a single name");
  }
  if (owner == 0 || opened.of_file.st_uid != owner) {
    return not_changed(opened.path,
                       fmt::format("it belongs to {}; only a keystore of the gateway's user can be transferred "
                                   "to the service",
                                   name_of_user(opened.of_file.st_uid)));
  }
  if (!followed.choice_of_others.empty()) {
    return not_changed(opened.path, fmt::format("other users control the path {} that leads to it: {}",
                                                keystore.string(), followed.choice_of_others));
  }
  if (opened.of_directory.st_uid != owner && opened.of_directory.st_uid != service) {
    return not_changed(opened.path,
                       fmt::format("its directory belongs to {}, not to {}; move it to a directory of its own",
                                   name_of_user(opened.of_directory.st_uid), name_of_user(owner)));
  }
  return opened;
}

// Replaces the keystore by a copy, because a process of the gateway may still have the file open for writing. Runs as
// the new owner, in a child process, because the gateway still owns the directories above.
Result<void> rewrite_as(const User& user, const fs::path& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    PosixFilesystem filesystem;
    const auto done =
        become(user)
            .and_then([&] { return filesystem.read(file, certificate::kKeystoreLimit); })
            .and_then([&](const std::string& bytes) { return keystore::replace(filesystem, file, bytes, bytes); });
    ::_exit(done ? 0 : 1);
  }
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0
             ? Result<void>()
             : failure(ErrorKind::disk, fmt::format("copying {} as {} failed; run init --permissions again, then "
                                                    "validate",
                                                    file.string(), user.name));
}

// For a shell, if necessary.
std::string quoted(const std::string& word) {
  const bool plain = std::ranges::all_of(word, [](char c) { return is_alphanumeric_or(c, "-_./@:"); });
  return plain ? word : "'" + boost::replace_all_copy(word, "'", "'\\''") + "'";
}

// A home must not change its owner.
bool is_home(const fs::path& directory, const passwd& user) {
  std::error_code error;
  return fs::equivalent(directory, user.pw_dir, error);
}

}  // namespace

std::string name_of_group(gid_t id) {
  const group* const entry = ::getgrgid(id);
  return entry == nullptr ? std::to_string(id) : entry->gr_name;
}

Result<KeystoreTransfer> plan_transfer(const fs::path& keystore, const User& service) {
  struct stat status{};
  if (::stat(keystore.c_str(), &status) != 0) {
    return system_failure(ErrorKind::disk, "finding " + keystore.string(), errno);
  }
  const auto opened = open_both(keystore, status.st_uid, service.id);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  const passwd* const entry = ::getpwuid(status.st_uid);
  if (entry == nullptr) {
    return not_changed(opened->path, fmt::format("its owner, uid {}, is not a user of this host", status.st_uid));
  }
  if (is_home(opened->path.parent_path(), *entry)) {
    return not_changed(opened->path, fmt::format("its directory is the home of {}; move it to a directory of its own",
                                                 entry->pw_name));
  }
  const std::string name = entry->pw_name;
  const auto owner = find_user(name);
  if (!owner) {
    return tl::unexpected(owner.error());
  }
  // The file's group if one of the two users is in it; otherwise the owner's.
  const auto is_in_group = [&opened](const User& one) {
    return std::ranges::find(one.groups, opened->of_file.st_gid) != one.groups.end();
  };
  const gid_t group = is_in_group(*owner) || is_in_group(service) ? opened->of_file.st_gid : owner->group;
  return KeystoreTransfer{keystore, opened->path, status.st_uid, name, group, name_of_group(group)};
}

std::string describe(const KeystoreTransfer& keystore, std::string_view user, bool done) {
  return fmt::format(
      "{} and {} {} to {}, group {}: {} can read the keystore, but only {} can replace it or change the directory",
      keystore.file.string(), keystore.file.parent_path().string(), done ? "now belong" : "must belong", user,
      keystore.group_name, keystore.owner_name, user);
}

std::string relocation_advice(const KeystoreTransfer& keystore, std::string_view user, std::string_view certificate) {
  constexpr std::string_view kOutside = "/var/lib/gravitee-keystore";
  // Read as the gateway's user: root must not follow paths in its directories.
  return fmt::format(
      "an upgrade of Gravitee's own package makes {0} the owner of everything below its home again (chown -R). Run "
      "`init "
      "--permissions` again after each upgrade, or move the keystore out of the home, and change its path in "
      "gravitee.yml and in this configuration (keystore.path):\n"
      "  install -d -o {1} -g {2} -m 2750 {3}\n"
      "  runuser -u {0} -- cat {4} | install -o {1} -g {2} -m 0640 /dev/stdin {3}/{5}{6}\n",
      keystore.owner_name, user, keystore.group_name, kOutside, quoted(keystore.keystore.string()), certificate,
      quoted(keystore.keystore.extension().string()));
}

Result<void> transfer(const KeystoreTransfer& keystore, const User& user) {
  TRY_LET(const auto opened, open_both(keystore.keystore, keystore.owner, user.id));
  // The directory first: then nobody else can exchange the file. The set-group-id bit gives new files the group of the
  // directory, which the service could not set, because it is not in that group.
  const mode_t directory_mode =
      ((opened.of_directory.st_mode & 0777U) | S_IRWXU | S_IRGRP | S_IXGRP | S_ISGID) & ~kOthersWrite;
  if (::fchown(opened.directory.get(), user.id, keystore.group) != 0 ||
      ::fchmod(opened.directory.get(), directory_mode) != 0) {
    return system_failure(ErrorKind::disk, "changing the owner of " + keystore.file.parent_path().string(), errno);
  }
  if (::fchown(opened.file.get(), user.id, keystore.group) != 0 || ::fchmod(opened.file.get(), 0640) != 0) {
    return system_failure(ErrorKind::disk, "changing the owner of " + keystore.file.string(), errno);
  }
  return rewrite_as(user, keystore.file);
}

}  // namespace renewd::commands
