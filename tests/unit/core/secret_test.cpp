#include "core/secret.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

#include "core/descriptor.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using renewd::testing::TemporaryDirectory;
using renewd::testing::write_file;

namespace {

SecretSource file(const std::filesystem::path& path) {
  return {.kind = SecretSource::Kind::file, .name = path.string(), .value = {}};
}

}  // namespace

TEST_CASE("a secret file is read without the line break at its end") {
  const TemporaryDirectory directory;
  write_file(directory / "unix", "token\n");
  write_file(directory / "dos", "token\r\n");
  write_file(directory / "inner", " to\nken \n\n");
  CHECK(read_secret(file(directory / "unix"))->view() == "token");
  CHECK(read_secret(file(directory / "dos"))->view() == "token");
  CHECK(read_secret(file(directory / "inner"))->view() == " to\nken \n");
}

TEST_CASE("a secret file is read without a byte order mark, but with all other white space") {
  const TemporaryDirectory directory;
  write_file(directory / "marked", "\xef\xbb\xbf pass word \r\n");
  write_file(directory / "only a mark", "\xef\xbb\xbf\r\n");
  write_file(directory / "wide", std::string("\xff\xfep\0a\0", 6));
  write_file(directory / "wide, no mark", std::string("p\0a\0", 4));
  CHECK(read_secret(file(directory / "marked"))->view() == " pass word ");
  CHECK_THAT(read_secret(file(directory / "only a mark")).error().message, ContainsSubstring("empty"));
  CHECK_THAT(read_secret(file(directory / "wide")).error().message, ContainsSubstring("UTF-16"));
  CHECK_THAT(read_secret(file(directory / "wide, no mark")).error().message, ContainsSubstring("byte 2 is NUL"));
}

TEST_CASE("a secret is read only from a regular file, and other kinds are named") {
  const TemporaryDirectory directory;
  REQUIRE(::mkfifo((directory / "fifo").c_str(), 0600) == 0);
  // With a writer, reading would succeed.
  const Descriptor writer(::open((directory / "fifo").c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(::write(writer.get(), "secret\n", 7) == 7);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (directory / "socket").string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  CHECK_THAT(read_secret(file(directory / "fifo")).error().message, ContainsSubstring("it is a FIFO"));
  CHECK_THAT(read_secret(file(directory / "socket")).error().message, ContainsSubstring("it is a socket"));
  CHECK_THAT(read_secret(file(directory.path())).error().message, ContainsSubstring("it is a directory"));
  CHECK_THAT(read_secret(file("/dev/zero")).error().message, ContainsSubstring("it is a device"));
}

TEST_CASE("a secret that cannot be used is an error that names its source") {
  const TemporaryDirectory directory;
  write_file(directory / "empty", "\n");
  write_file(directory / "large", std::string(64 * 1024 + 1, 'x'));
  write_file(directory / "limit", std::string(64 * 1024, 'x'));
  CHECK_THAT(read_secret(file(directory / "missing")).error().message,
             ContainsSubstring((directory / "missing").string()) && ContainsSubstring("No such file"));
  CHECK_THAT(read_secret(file(directory / "empty")).error().message, ContainsSubstring("empty"));
  CHECK_THAT(read_secret(file(directory / "large")).error().message, ContainsSubstring("64 KiB"));
  CHECK(read_secret(file(directory / "limit")).has_value());
  CHECK_FALSE(read_secret(file(directory.path())).has_value());
}

TEST_CASE("secrets may come from credentials, the environment and the configuration") {
  const TemporaryDirectory directory;
  write_file(directory / "token", "from-credential\n");
  const SecretSource credential{.kind = SecretSource::Kind::credential, .name = "token", .value = {}};
  const SecretSource variable{.kind = SecretSource::Kind::env, .name = "RENEWD_TEST_SECRET", .value = {}};
  const SecretSource value{.kind = SecretSource::Kind::value, .name = "", .value = Secret("inline")};

  ::unsetenv("CREDENTIALS_DIRECTORY");
  ::unsetenv("RENEWD_TEST_SECRET");
  // Outside of a unit.
  CHECK_THAT(read_secret(credential).error().message, ContainsSubstring("CREDENTIALS_DIRECTORY is not set") &&
                                                          ContainsSubstring("/etc/credstore/token: No such"));
  CHECK_THAT(read_secret(variable).error().message, ContainsSubstring("RENEWD_TEST_SECRET"));

  ::setenv("CREDENTIALS_DIRECTORY", directory.path().c_str(), 1);
  ::setenv("RENEWD_TEST_SECRET", "from-environment", 1);
  CHECK(read_secret(credential)->view() == "from-credential");
  CHECK(read_secret(variable)->view() == "from-environment");
  CHECK(read_secret(value)->view() == "inline");
  const SecretSource missing{.kind = SecretSource::Kind::credential, .name = "missing", .value = {}};
  CHECK_THAT(read_secret(missing).error().message,
             ContainsSubstring("LoadCredential=missing") && ContainsSubstring("/etc/credstore/missing") &&
                 ContainsSubstring((directory / "missing").string() + ": No such"));
}

TEST_CASE("a changed secret is used at once") {
  const TemporaryDirectory directory;
  write_file(directory / "token", "old");
  REQUIRE(read_secret(file(directory / "token"))->view() == "old");
  write_file(directory / "token", "new");
  CHECK(read_secret(file(directory / "token"))->view() == "new");
}
