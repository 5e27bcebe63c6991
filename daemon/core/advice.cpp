#include "core/advice.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "core/file_access.hpp"
#include "core/text.hpp"

namespace renewd {
namespace {

namespace fs = std::filesystem;

std::string user_name(uid_t id) {
  const passwd* const entry = ::getpwuid(id);
  return entry == nullptr ? std::to_string(id) : entry->pw_name;
}

// The service's user: a command run by root has become it.
uid_t id_of(const std::optional<User>& user) {
  return user ? user->id : ::geteuid();
}

std::string name_of(const std::optional<User>& user) {
  return user ? user->name : user_name(::geteuid());
}

// As far as the directories on the way let it be known.
fs::path resolved(fs::path path) {
  constexpr int kMaxLinks = 40;
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  if (!error) {
    return target;
  }
  for (int links = 0; links < kMaxLinks && fs::is_symlink(path, error); ++links) {
    path = path.parent_path() / fs::read_symlink(path, error);
  }
  return path;
}

// The first directory on the way that the user may not enter, or the file itself.
fs::path obstacle_on(const fs::path& path, const std::optional<User>& user) {
  fs::path directory;
  for (const auto& part : path.parent_path()) {
    directory /= part;
    if (!check_access(user, directory, X_OK)) {
      return directory;
    }
  }
  return path;
}

bool is_home(const fs::path& directory) {
  return is_below_home(directory) && !is_below_home(directory.parent_path());
}

bool is_denied(const fs::path& file, const std::optional<User>& user) {
  const auto allowed = check_access(user, file, R_OK);
  return !allowed && allowed.error().message == std::generic_category().message(EACCES);
}

// What init --permissions lets the service see, where ProtectHome= hides it.
constexpr std::string_view kShowHome =
    "as root, run gravitee-renewd init --permissions, which lets the service see it, then systemctl daemon-reload && "
    "systemctl restart gravitee-renewd";

constexpr std::string_view kNotAsRoot =
    "the service runs as root without the capabilities of root: as root, run gravitee-renewd init --permissions --user "
    "gravitee-renewd, then systemctl daemon-reload && systemctl restart gravitee-renewd";

}  // namespace

std::string group_name(gid_t id) {
  const group* const entry = ::getgrgid(id);
  return entry == nullptr ? std::to_string(id) : entry->gr_name;
}

std::string_view advice_on(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "free some space on the file system of the path in the message: df -h and df -i show what is full";
    case EROFS:
      return "if the service alone sees the directory as read-only (a new directory, or a link that leads elsewhere "
             "since an upgrade): as root, run gravitee-renewd init --permissions, then systemctl daemon-reload && "
             "systemctl restart gravitee-renewd; otherwise find out with dmesg why the file system is read-only";
    case EACCES:
    case EPERM:
      return "as root, run gravitee-renewd validate: it names what the service's user may not use, and how to permit "
             "it";
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EAGAIN:
      return "this host or the service has run out of descriptors, processes or memory: find out what uses them up, or "
             "raise LimitNOFILE=, TasksMax= or MemoryMax= of the unit";
    case EIO:
      return "check the disk: dmesg shows its errors";
    case ENOENT:
      return "put the file in the message back, or correct its path in the configuration";
    default:
      return "";
  }
}

std::string_view advice_on(RejectionReason reason) {
  switch (reason) {
    case RejectionReason::not_base64:
    case RejectionReason::unknown_format:
    case RejectionReason::no_certificate:
    case RejectionReason::too_large:
      return "";
    case RejectionReason::wrong_password:
      return "set the password that the cloud uses for this account in gravitee.yml, the keystore and "
             "keystore.password: /usr/share/doc/gravitee-renewd/docs/operations.md, \"Changing the keystore password\"";
    case RejectionReason::no_key:
    case RejectionReason::key_mismatch:
      return "make sure that no other host of this account renews at the same time; if none does, download a keystore "
             "from Gravitee Cloud: /usr/share/doc/gravitee-renewd/docs/operations.md, \"A keystore replaced by hand\"";
    case RejectionReason::wrong_account:
      return "set account_url and the token to those of the account of the installed keystore, which gravitee-renewd "
             "inspect shows";
    case RejectionReason::not_later:
      return "wait for the next attempt: another host of this account may just have renewed; contact Gravitee if only "
             "days are left";
    case RejectionReason::not_yet_valid:
      return kClockAdvice;
    case RejectionReason::expired:
      return "check this host's clock with timedatectl; if it is right, the cloud issued an expired certificate: "
             "report it to Gravitee";
    case RejectionReason::untrusted:
      return "ask Gravitee whether its CA has changed before you replace keystore.ca_file, and do not remove that key";
  }
  return "";
}

bool is_below_home(const fs::path& path) {
  constexpr std::array<std::string_view, 3> kHomes{"/home", "/root", "/run/user"};
  return std::any_of(kHomes.begin(), kHomes.end(), [&path](const fs::path& home) {
    return std::mismatch(home.begin(), home.end(), path.begin(), path.end()).first == home.end();
  });
}

std::string owner_and_mode(const fs::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return "";
  }
  return fmt::format("{}:{} with mode {:04o}", user_name(status.st_uid), group_name(status.st_gid),
                     status.st_mode & 07777U);
}

std::string advice_on_owner(const fs::path& keystore, const std::optional<User>& user) {
  const fs::path file = resolved(keystore);
  struct stat status{};
  struct stat around{};
  if (::stat(file.parent_path().c_str(), &around) != 0) {
    return "";
  }
  const uid_t id = id_of(user);
  if (id != 0 && around.st_uid != id) {
    return fmt::format(
        "as root, run gravitee-renewd init --permissions, which gives the keystore and its directory to "
        "{}, then gravitee-renewd validate",
        name_of(user));
  }
  const bool owned = ::stat(file.c_str(), &status) == 0 && status.st_uid == id;
  if (id == 0 || owned) {
    return "";
  }
  return fmt::format("as root, run: chown {}:{} {} && chmod 0640 {}", name_of(user), group_name(around.st_gid),
                     shell_quoted(file.string()), shell_quoted(file.string()));
}

std::string keystore_copy_command(const fs::path& from, const fs::path& keystore) {
  const fs::path file = resolved(keystore);
  struct stat around{};
  return ::stat(file.parent_path().c_str(), &around) != 0
             ? ""
             : fmt::format("install -o {} -g {} -m 0640 {} {}", user_name(::geteuid()), group_name(around.st_gid),
                           shell_quoted(from.string()), shell_quoted(file.string()));
}

std::optional<Denial> explain_denial(const fs::path& path, Sharing sharing, const std::optional<User>& user) {
  if (!is_denied(path, user)) {
    return std::nullopt;
  }
  const fs::path file = resolved(path);
  const fs::path obstacle = obstacle_on(file, user);
  const bool is_directory = obstacle != file;
  const std::string name = name_of(user);
  const std::string owner = owner_and_mode(obstacle);
  Denial denial;
  // In the sandbox the home directories are empty, with mode 0000: to open those of the host helps nothing.
  if (is_directory && is_home(obstacle)) {
    denial.message = fmt::format("{} {}", file.string(), kHomeIsHidden);
    denial.advice = sharing == Sharing::group_of_directory ? kShowHome : kMoveOutOfHome;
    return denial;
  }
  denial.message = fmt::format("{} may not use {}", name, obstacle.string());
  if (!owner.empty()) {
    denial.message = fmt::format("{} belongs to {}, and {} may not {} it", obstacle.string(), owner, name,
                                 is_directory ? "enter" : "read");
  }
  if (id_of(user) == 0) {
    denial.advice = kNotAsRoot;
  } else if (sharing == Sharing::group_of_directory) {
    denial.advice = advice_on_owner(file, user);
  } else if (is_below_home(file)) {
    denial.advice = kMoveOutOfHome;
  } else if (!is_directory) {
    denial.advice = fmt::format("as root, run: chown {}: {} && chmod 0600 {}", name, shell_quoted(file.string()),
                                shell_quoted(file.string()));
  }
  if (denial.advice.empty()) {
    denial.advice = is_directory ? fmt::format("as root, run: setfacl -m u:{}:x {} (package acl)", name,
                                               shell_quoted(obstacle.string()))
                                 : fmt::format("as root, run: chmod u+r {}", shell_quoted(file.string()));
  }
  return denial;
}

}  // namespace renewd
