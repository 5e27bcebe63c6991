#include "commands/keystore_advice.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/advice.hpp"
#include "core/text.hpp"
#include "core/trusted_path.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOutside = "/var/lib/gravitee-keystore";

// The owner of the nearest directory above `file` that is not root's, and the directories of root below that one.
struct Ancestors {
  uid_t owner = 0;
  std::vector<std::string> of_root;
};

Ancestors ancestors_of(const fs::path& file) {
  Ancestors found;
  for (fs::path at = file.parent_path(); found.owner == 0 && at != at.parent_path(); at = at.parent_path()) {
    struct stat status{};
    if (::lstat(at.c_str(), &status) != 0) {
      break;
    }
    found.owner = status.st_uid;
    if (found.owner == 0) {
      found.of_root.insert(found.of_root.begin(), shell_quoted(at.string()));
    }
  }
  return found;
}

// Whether users other than root and `user` can choose the file by a link.
bool is_choice_of_others(const fs::path& keystore, uid_t user) {
  const auto followed = follow(keystore, user);
  return !followed || !followed->choice_of_others.empty();
}

// Whether a link may lead to a secret of the service instead of a keystore.
bool is_in_own_directory(const fs::path& file) {
  const std::string path = file.string();
  return path.starts_with("/etc/gravitee-renewd/") || path.starts_with("/var/lib/gravitee-renewd/");
}

}  // namespace

User reader_of(const KeystoreUse& use, uid_t of_file, uid_t of_directory, const User& service) {
  if (use.gateway) {
    return *use.gateway;
  }
  for (const uid_t id : {of_file, of_directory}) {
    if (id != 0 && id != service.id) {
      if (auto user = find_user(std::to_string(id))) {
        return std::move(*user);
      }
    }
  }
  return service;
}

gid_t group_for(const User& reader, gid_t present, const User& service) {
  if (reader.id == 0) {
    return service.group;  // root needs no group
  }
  const bool reads = std::ranges::find(reader.groups, present) != reader.groups.end();
  return reads ? present : reader.group;
}

std::string relocation_commands(const KeystoreUse& use, const User& owner, const std::string& group,
                                const std::string& service, const std::string& separator) {
  const std::string from = shell_quoted(use.keystore.string());
  const std::string to =
      fmt::format("{}/{}{}", kOutside, use.certificate, shell_quoted(use.keystore.extension().string()));
  const std::string copy = owner.name == "root"
                               ? fmt::format("install -o {} -g {} -m 0640 {} {}", service, group, from, to)
                               : fmt::format("runuser -u {} -- cat {} | install -o {} -g {} -m 0640 /dev/stdin {}",
                                             owner.name, from, service, group, to);
  return fmt::format("install -d -o {} -g {} -m 2750 {}{}{}", service, group, kOutside, separator, copy);
}

std::string owner_correction(const KeystoreUse& use, const User& service) {
  std::error_code error;
  const fs::path file = fs::canonical(use.keystore, error);
  struct stat of_file{};
  struct stat of_directory{};
  if (error || ::lstat(file.c_str(), &of_file) != 0 || ::lstat(file.parent_path().c_str(), &of_directory) != 0) {
    return "restore the keystore";
  }
  const User reader = reader_of(use, of_file.st_uid, of_directory.st_uid, service);
  const std::string group = group_name(group_for(reader, of_file.st_gid, service));
  const Ancestors nearest = ancestors_of(file);
  // The gateway's directories contain the service's.
  const bool is_chosen = is_choice_of_others(use.keystore, nearest.owner) &&
                         is_choice_of_others(use.keystore, of_file.st_uid) &&
                         (nearest.owner != service.id || is_choice_of_others(use.keystore, reader.id));
  if (is_chosen || is_in_own_directory(file) || !S_ISREG(of_file.st_mode) || of_file.st_nlink != 1) {
    return "put the keystore itself into a directory that belongs to the service or the gateway's user, and set "
           "keystore.path to it";
  }
  const std::string quoted_file = shell_quoted(file.string());
  if (of_directory.st_uid == service.id) {
    const std::string directory = shell_quoted(file.parent_path().string());
    return fmt::format("run chown {0}:{1} {2} {3} && chmod g+rxs {2} && chmod 0640 {3}", service.name, group, directory,
                       quoted_file);
  }
  if (nearest.owner != 0 && (nearest.owner == reader.id || nearest.owner == service.id)) {
    return fmt::format("run chown {}: {}{}{}, then gravitee-renewd init --permissions",
                       nearest.owner == reader.id ? reader.name : service.name, fmt::join(nearest.of_root, " "),
                       nearest.of_root.empty() ? "" : " ", quoted_file);
  }
  const auto owner = find_user(std::to_string(of_file.st_uid));
  if (!owner || (owner->id == 0 && is_choice_of_others(use.keystore, 0))) {
    return "move the keystore to a directory of its own, and set keystore.path to it";
  }
  return fmt::format(
      "move it to a directory of its own: run {}, change the path in gravitee.yml and keystore.path, then run "
      "gravitee-renewd init --permissions",
      relocation_commands(use, *owner, group, service.name, " && "));
}

}  // namespace renewd::commands
