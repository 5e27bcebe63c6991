// Error::advice: what an operator can do, where the cause is known. Each is an instruction that can be followed as it
// stands and that does no harm if the cause is another one. report/finding has what helps against a class in general.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/user.hpp"

namespace renewd {

// Where packages install docs/operations.md.
inline constexpr std::string_view kOperationsGuide = "/usr/share/doc/gravitee-renewd/docs/operations.md";

// Where the response itself is not what the cloud sends, so that there is no answer to examine.
inline constexpr std::string_view kUnexpectedAnswerAdvice =
    "find out what answered: a proxy or a firewall between this host and the cloud may have changed or cut the "
    "response; contact Gravitee's support if it lasts";
inline constexpr std::string_view kClockAdvice =
    "check this host's clock with timedatectl; the daemon continues as soon as it is set";

// On an errno value of a call about a file. Empty if none helps in general.
std::string_view advice_on(int error_number);
// On an answer that was refused. Empty if none helps more than that on the class bad_answer.
std::string_view advice_on(RejectionReason reason);

// Who else must be able to read a file: nobody, or the group of its directory (the gateway reads the keystore).
enum class Sharing { none, group_of_directory };

// Why `user` (without one: this process) may not read a file: "/etc/x belongs to root:root with mode 0600, and
// gravitee-renewd may not read it", and the command that permits it. Nothing if the user may read it, or something else
// is wrong. With a user, call it only in a single-threaded process (core/file_access).
struct Denial {
  std::string message;
  std::string advice;
};
std::optional<Denial> explain_denial(const std::filesystem::path& file, Sharing sharing,
                                     const std::optional<User>& user = std::nullopt);

// How root copies a file to the place of a missing keystore, so that this user owns it, and the group of its directory
// reads it. Empty if that directory is missing, too.
std::string keystore_copy_command(const std::filesystem::path& from, const std::filesystem::path& keystore);

// How the service's user becomes the owner of a keystore, which it must be to replace it. Empty if it is already.
std::string advice_on_owner(const std::filesystem::path& keystore, const std::optional<User>& user = std::nullopt);

// Whether ProtectHome= hides the path from the service: it is below /home, /root or /run/user.
bool is_below_home(const std::filesystem::path& path);
// About a file other than the keystore, which init --permissions makes visible.
inline constexpr std::string_view kHomeIsHidden =
    "is below a home directory, which the service cannot see (ProtectHome= in its unit)";
inline constexpr std::string_view kMoveOutOfHome = "move it elsewhere, for example to /etc/gravitee-renewd";

// Its number, if it has none.
std::string group_name(gid_t id);

// For a message: "root:root with mode 0600"; empty if the file cannot be examined.
std::string owner_and_mode(const std::filesystem::path& path);

}  // namespace renewd
