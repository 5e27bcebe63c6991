#include "commands/keystore_owner.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "certificate/keystore.hpp"
#include "core/advice.hpp"
#include "core/descriptor.hpp"
#include "core/filesystem.hpp"
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
// belong to `owner`, who is not root.
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
    return not_changed(opened.path, "it belongs to " + name_of_user(opened.of_file.st_uid));
  }
  if (!followed.choice_of_others.empty()) {
    return not_changed(opened.path, fmt::format("other users control the path {} that leads to it: {}",
                                                keystore.string(), followed.choice_of_others));
  }
  if (opened.of_directory.st_uid != owner && opened.of_directory.st_uid != service) {
    return not_changed(opened.path, fmt::format("it belongs to {}, and its directory to {}", name_of_user(owner),
                                                name_of_user(opened.of_directory.st_uid)));
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

// A home must not change its owner.
bool is_home(const fs::path& directory, const User& user) {
  std::error_code error;
  return fs::equivalent(directory, user.home, error);
}

}  // namespace

Result<KeystoreTransfer> plan_transfer(const KeystoreUse& use, const User& service) {
  struct stat status{};
  if (::stat(use.keystore.c_str(), &status) != 0) {
    return system_failure(ErrorKind::disk, "finding " + use.keystore.string(), errno);
  }
  const auto advised = [&](Error error) {
    error.message += "; " + owner_correction(use, service);
    return tl::unexpected(std::move(error));
  };
  const auto opened = open_both(use.keystore, status.st_uid, service.id);
  if (!opened) {
    return advised(opened.error());
  }
  const auto owner = find_user(std::to_string(status.st_uid));
  if (!owner) {
    return advised(
        not_changed(opened->path, fmt::format("its owner, uid {}, is not a user of this host", status.st_uid)).value());
  }
  if (is_home(opened->path.parent_path(), *owner)) {
    return advised(not_changed(opened->path, fmt::format("its directory is the home of {}", owner->name)).value());
  }
  const User reader = reader_of(use, status.st_uid, opened->of_directory.st_uid, service);
  const gid_t group = group_for(reader, opened->of_file.st_gid, service);
  return KeystoreTransfer{use, opened->path, *owner, reader, group, group_name(group)};
}

std::string describe(const KeystoreTransfer& keystore, std::string_view user, bool done) {
  return fmt::format(
      "{} and {} {} to {}, group {}: {} can read the keystore, but only {} can replace it or change the directory",
      keystore.file.string(), keystore.file.parent_path().string(), done ? "now belong" : "must belong", user,
      keystore.group_name, keystore.reader.name, user);
}

std::string relocation_advice(const KeystoreTransfer& keystore, const User& user) {
  if (keystore.reader.id == user.id) {
    return "";  // an upgrade changes nothing
  }
  return fmt::format(
      "note: an upgrade of Gravitee's own package makes {} the owner of everything below its home again (chown -R). "
      "Run "
      "`init --permissions` again after each upgrade, or move the keystore out of the home, and change its path in "
      "gravitee.yml and in this configuration (keystore.path):\n    {}\n",
      keystore.reader.name,
      relocation_commands(keystore.use, keystore.owner, keystore.group_name, user.name, "\n    "));
}

Result<void> transfer(const KeystoreTransfer& keystore, const User& user) {
  TRY_LET(const auto opened, open_both(keystore.use.keystore, keystore.owner.id, user.id));
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
