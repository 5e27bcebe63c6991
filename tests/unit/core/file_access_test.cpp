#include "core/file_access.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace renewd {
namespace {

using testing::TemporaryDirectory;
using testing::write_file;

std::string refusal(const std::optional<User>& user, const std::filesystem::path& path, int mode) {
  const auto allowed = check_access(user, path, mode);
  return allowed ? "" : allowed.error().message;
}

TEST_CASE("without a user, access is checked for this process") {
  const TemporaryDirectory directory;
  write_file(directory / "file", "");
  CHECK(refusal(std::nullopt, directory / "file", R_OK).empty());
  CHECK(refusal(std::nullopt, directory.path(), W_OK | X_OK).empty());
  CHECK(refusal(std::nullopt, directory / "file", X_OK) == "Permission denied");
  CHECK(refusal(std::nullopt, directory / "missing", R_OK) == "No such file or directory");
}

TEST_CASE("a user is found by name or number, with every group") {
  const passwd* self = ::getpwuid(::getuid());
  REQUIRE(self != nullptr);
  const std::string name = self->pw_name;
  const auto by_name = find_user(name);
  REQUIRE(by_name.has_value());
  CHECK(by_name->id == ::getuid());
  CHECK_FALSE(by_name->groups.empty());
  const auto by_number = find_user(std::to_string(::getuid()));
  REQUIRE(by_number.has_value());
  CHECK(by_number->name == name);
  CHECK(by_number->groups == by_name->groups);
}

TEST_CASE("an unknown user is an error") {
  for (const std::string name : {"", "no-such-user", "4294967294999", "0x0"}) {
    CAPTURE(name);
    CHECK_FALSE(find_user(name).has_value());
  }
}

TEST_CASE("root can check another user's access by modes, access control lists and parent directories") {
  if (::geteuid() != 0) {
    WARN("only root can ask for another user");
    return;
  }
  const auto nobody = find_user("nobody");
  REQUIRE(nobody.has_value());
  const TemporaryDirectory directory;
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  const auto file = directory / "file";
  write_file(file, "");
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  CHECK(refusal(std::nullopt, file, R_OK).empty());
  CHECK(refusal(*nobody, file, R_OK) == "Permission denied");
  CHECK(refusal(*nobody, directory.path(), W_OK | X_OK) == "Permission denied");
  CHECK(refusal(*nobody, directory / "missing", R_OK) == "No such file or directory");

  REQUIRE(::chown(file.c_str(), 0, nobody->group) == 0);
  REQUIRE(::chmod(file.c_str(), 0640) == 0);
  CHECK(refusal(*nobody, file, R_OK).empty());
  CHECK(refusal(*nobody, file, W_OK) == "Permission denied");

  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  testing::run_or_throw({"setfacl", "-m", "u:nobody:r", file.string()});
  CHECK(refusal(*nobody, file, R_OK).empty());

  std::filesystem::permissions(directory.path(), std::filesystem::perms(0700));
  CHECK(refusal(*nobody, file, R_OK) == "Permission denied");
  // This process has not changed its user.
  CHECK(refusal(std::nullopt, file, R_OK).empty());
}

}  // namespace
}  // namespace renewd
