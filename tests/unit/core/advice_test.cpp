#include "core/advice.hpp"

#include <unistd.h>

#include "core/file_access.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

// A user without files of its own.
User nobody() {
  return *find_user("nobody");
}

// A file that only root may read, in a directory that everybody may enter.
struct RootsFile {
  RootsFile() {
    std::filesystem::create_directory(file.parent_path());
    write_file(file, "keystore");
    std::filesystem::permissions(file, std::filesystem::perms(0600));
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  }

  TemporaryDirectory directory{};
  std::filesystem::path file = directory / "config" / "keystore.p12";
};

bool is_root() {
  return ::geteuid() == 0;
}

void follow(const std::string& advice) {
  const auto command = advice.substr(advice.find("run: ") + 5);
  run_or_throw({"sh", "-c", command});
}

}  // namespace

TEST_CASE("a refused answer that only the clock may refuse leads to the clock") {
  for (const auto reason : {RejectionReason::not_yet_valid, RejectionReason::expired}) {
    CHECK_THAT(std::string(advice_on(reason)), ContainsSubstring("timedatectl"));
    CHECK_THAT(rejection(reason, "").value().advice, ContainsSubstring("timedatectl"));
  }
}

TEST_CASE("advice that is known stays with an error that gets a context") {
  const Error error = with_context("doing", with_advice({ErrorKind::disk, "message"}, "do this"));
  CHECK(error.advice == "do this");
  CHECK(with_advice(error, "do that").advice == "do this");
}

TEST_CASE("a keystore of another user in a directory of the service is given to the service") {
  if (!is_root()) {
    WARN("skipped: needs root");
    return;
  }
  const RootsFile keystore;
  REQUIRE(::chown(keystore.file.parent_path().c_str(), nobody().id, nobody().group) == 0);

  const auto denial = explain_denial(keystore.file, Sharing::group_of_directory, nobody());
  REQUIRE(denial);
  CHECK_THAT(denial->message, ContainsSubstring("root:root with mode 0600") && ContainsSubstring("nobody"));
  CHECK_THAT(denial->advice, StartsWith("as root, run: chown nobody:nogroup ") && ContainsSubstring("chmod 0640"));
  follow(denial->advice);
  CHECK_FALSE(explain_denial(keystore.file, Sharing::group_of_directory, nobody()));
  CHECK(advice_on_owner(keystore.file, nobody()).empty());
}

TEST_CASE("a keystore in a directory of another user is for init --permissions") {
  if (!is_root()) {
    WARN("skipped: needs root");
    return;
  }
  const RootsFile keystore;
  const auto denial = explain_denial(keystore.file, Sharing::group_of_directory, nobody());
  REQUIRE(denial);
  CHECK_THAT(denial->advice, ContainsSubstring("init --permissions"));
}

TEST_CASE("a secret of another user is given to the service alone") {
  if (!is_root()) {
    WARN("skipped: needs root");
    return;
  }
  const RootsFile secret;
  const auto denial = explain_denial(secret.file, Sharing::none, nobody());
  REQUIRE(denial);
  follow(denial->advice);
  CHECK_FALSE(explain_denial(secret.file, Sharing::none, nobody()));
  CHECK_THAT(owner_and_mode(secret.file), ContainsSubstring("mode 0600"));
}

TEST_CASE("a directory that the service may not enter is named") {
  if (!is_root()) {
    WARN("skipped: needs root");
    return;
  }
  const RootsFile secret;
  std::filesystem::permissions(secret.directory.path(), std::filesystem::perms(0700));
  const auto denial = explain_denial(secret.file, Sharing::none, nobody());
  REQUIRE(denial);
  CHECK_THAT(denial->message,
             StartsWith(secret.directory.path().string() + " belongs to") && ContainsSubstring("enter"));
  CHECK_THAT(denial->advice, ContainsSubstring("setfacl -m u:nobody:x " + secret.directory.path().string()));
}

TEST_CASE("a file that may be read has nothing to explain, nor one that is missing") {
  const RootsFile keystore;
  CHECK_FALSE(explain_denial(keystore.file, Sharing::none));
  CHECK_FALSE(explain_denial(keystore.directory / "missing", Sharing::none));
}

TEST_CASE("a file below a home directory, which the sandbox hides, is moved, and the home stays closed") {
  if (!is_root() || check_access(nobody(), "/root", X_OK)) {
    WARN("skipped: needs root, and a /root that others may not enter, as in the sandbox");
    return;
  }
  const TemporaryDirectory directory;
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  std::filesystem::create_symlink("/root/account-token", directory / "link");
  for (const std::filesystem::path& secret : {std::filesystem::path("/root/account-token"), directory / "link"}) {
    const auto denial = explain_denial(secret, Sharing::none, nobody());
    REQUIRE(denial);
    CHECK_THAT(denial->message, ContainsSubstring("/root/account-token") && ContainsSubstring("ProtectHome="));
    CHECK_THAT(denial->advice, ContainsSubstring("/etc/gravitee-renewd") && !ContainsSubstring("setfacl"));
  }
  const auto keystore = explain_denial("/root/keystore.p12", Sharing::group_of_directory, nobody());
  REQUIRE(keystore);
  CHECK_THAT(keystore->advice, ContainsSubstring("init --permissions") && !ContainsSubstring("setfacl"));
}

TEST_CASE("what ProtectHome= hides are whole directories") {
  for (const auto* const hidden : {"/home", "/home/operator/token", "/root/token", "/run/user/1000/token"}) {
    CHECK(is_below_home(hidden));
  }
  for (const auto* const shown : {"/homes/token", "/rooted", "/run/token", "/srv/home/token"}) {
    CHECK_FALSE(is_below_home(shown));
  }
}
