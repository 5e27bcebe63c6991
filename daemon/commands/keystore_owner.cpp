#include "commands/keystore_owner.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

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

tl::unexpected<Error> not_taken(const fs::path& file, std::string_view why) {
  return failure(ErrorKind::disk, fmt::format("{} is not changed: {}", file.string(), why));
}

// Found once and held: the owners of what is on the way may change it meanwhile. `owner` is whose file it must be.
Result<Opened> open_both(const fs::path& keystore, uid_t owner, uid_t service) {
  // Somebody else than its owner must not choose what is given away; what is the service's own already, who gets it
  // may.
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
    return not_taken(opened.path, "it is not a regular file with a single name");
  }
  if (owner == 0 || opened.of_file.st_uid != owner) {
    return not_taken(opened.path, fmt::format("it belongs to {}. Only a keystore of the gateway's user is given to the "
                                              "service; put it into a directory of its own",
                                              name_of_user(opened.of_file.st_uid)));
  }
  if (!followed.choice_of_others.empty()) {
    return not_taken(opened.path, fmt::format("{} leads to it by a way that others choose: {}", keystore.string(),
                                              followed.choice_of_others));
  }
  if (opened.of_directory.st_uid != owner && opened.of_directory.st_uid != service) {
    return not_taken(opened.path,
                     fmt::format("its directory belongs to {}, not to {}; put it into a directory of its own",
                                 name_of_user(opened.of_directory.st_uid), name_of_user(owner)));
  }
  return opened;
}

// A process that has the file open for writing keeps that right: the keystore becomes another file, with the same
// bytes. Done as the new owner, in a process of its own: the directories above are still the gateway's.
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
             : failure(ErrorKind::disk, fmt::format("{} could not be rewritten as {}: run it again, and see validate",
                                                    file.string(), user.name));
}

// For a shell, where it has to be.
std::string quoted(const std::string& word) {
  const bool plain = std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./@:").find(c) != std::string_view::npos;
  });
  return plain ? word : "'" + word + "'";  // without quotes in it: a unit file could not name its directory
}

// A home is more than a place for a keystore.
bool is_home(const fs::path& directory, const passwd& user) {
  std::error_code error;
  return fs::equivalent(directory, user.pw_dir, error);
}

}  // namespace

std::string name_of_group(gid_t id) {
  const group* const entry = ::getgrgid(id);
  return entry == nullptr ? std::to_string(id) : entry->gr_name;
}

Result<ForeignKeystore> find_foreign(const fs::path& keystore, const User& service) {
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
    return not_taken(opened->path, fmt::format("it belongs to uid {}, which is no user of this host", status.st_uid));
  }
  if (is_home(opened->path.parent_path(), *entry)) {
    return not_taken(opened->path, fmt::format("its directory is the home of {}; put it into a directory of its own",
                                               entry->pw_name));
  }
  const std::string name = entry->pw_name;
  const auto owner = find_user(name);
  if (!owner) {
    return tl::unexpected(owner.error());
  }
  // A group that one of the two users is in; where the file has another one, its owner has read it as such.
  const auto is_in_group = [&opened](const User& one) {
    return std::ranges::find(one.groups, opened->of_file.st_gid) != one.groups.end();
  };
  const gid_t group = is_in_group(*owner) || is_in_group(service) ? opened->of_file.st_gid : owner->group;
  return ForeignKeystore{keystore, opened->path, status.st_uid, name, group, name_of_group(group)};
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
  // Read as the gateway's user: what is in its directories is not for root to follow.
  return fmt::format(
      "an upgrade of Gravitee's own package gives everything below its home back to {0} (chown -R): run `init "
      "--permissions` again after it, or keep the keystore outside, and name it there in keystore.path of both "
      "gravitee.yml and this configuration:\n"
      "  install -d -o {1} -g {2} -m 2750 {3}\n"
      "  runuser -u {0} -- cat {4} | install -o {1} -g {2} -m 0640 /dev/stdin {3}/{5}{6}\n",
      foreign.owner_name, user, foreign.group_name, kOutside, quoted(foreign.keystore.string()), certificate,
      quoted(foreign.keystore.extension().string()));
}

Result<void> give(const ForeignKeystore& foreign, const User& user) {
  TRY_LET(const auto opened, open_both(foreign.keystore, foreign.owner, user.id));
  // The directory first: from then on nobody else puts another file into the place of this one. New files get its group
  // (the set-group-id bit), which the service, not being in it, could not give them.
  const mode_t directory_mode =
      ((opened.of_directory.st_mode & 0777U) | S_IRWXU | S_IRGRP | S_IXGRP | S_ISGID) & ~kOthersWrite;
  if (::fchown(opened.directory.get(), user.id, foreign.group) != 0 ||
      ::fchmod(opened.directory.get(), directory_mode) != 0) {
    return system_failure(ErrorKind::disk, "giving away " + foreign.file.parent_path().string(), errno);
  }
  if (::fchown(opened.file.get(), user.id, foreign.group) != 0 || ::fchmod(opened.file.get(), 0640) != 0) {
    return system_failure(ErrorKind::disk, "giving away " + foreign.file.string(), errno);
  }
  return rewrite_as(user, foreign.file);
}

}  // namespace renewd::commands
