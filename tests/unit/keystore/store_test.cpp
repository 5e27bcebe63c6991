#include <sys/stat.h>

#include <algorithm>

#include "keystore/file_store.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::keystore;
using namespace renewd::testing;

namespace {

struct Host {
  Host() {
    run_or_throw({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                  "/CN=account", "-days", "30", "-keyout", file("key"), "-out", file("certificate")});
    run_or_throw({"openssl", "pkcs12", "-export", "-inkey", file("key"), "-in", file("certificate"), "-passout",
                  "pass:changeit", "-out", file("p12")});
    settings.path = file("p12");
    settings.password = SecretSource{.kind = SecretSource::Kind::file, .name = file("password"), .value = {}};
    write_file(directory / "password", "changeit");
  }
  std::string file(const char* name) const { return (directory / name).string(); }

  TemporaryDirectory directory;
  configuration::KeystoreSettings settings;
  PosixFilesystem filesystem;
};

}  // namespace

TEST_CASE("a remembered keystore has no private key, which is read again when it is needed") {
  Host host;
  FileStore store(host.filesystem, host.settings);
  for (int times = 0; times < 2; ++times) {
    const auto installed = store.read();
    REQUIRE(installed);
    CHECK(installed->keystore.certificate.common_name() == "account");
    CHECK_FALSE(installed->keystore.key);
    CHECK(installed->password.view() == "changeit");
    const auto key = store.private_key(*installed);
    REQUIRE(key);
    CHECK(installed->keystore.certificate.belongs_to(*key));
  }
}

TEST_CASE("a keystore that was opened with one password is opened again with another") {
  Host host;
  FileStore store(host.filesystem, host.settings);
  REQUIRE(store.read());
  write_file(host.directory / "password", "another");
  const auto refused = store.read();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::disk);
  CHECK_THAT(refused.error().message, ContainsSubstring("keystore.password") && ContainsSubstring(host.file("p12")));
  write_file(host.directory / "password", "changeit");
  CHECK(store.read());
}

TEST_CASE("a type that is not configured is refused, however often the keystore is read") {
  Host host;
  host.settings.type = configuration::KeystoreType::pem;
  FileStore store(host.filesystem, host.settings);
  CHECK_FALSE(store.read());
  CHECK_FALSE(store.read());
}

TEST_CASE("a replaced keystore is read as it is now, and what was remembered for a replacement is used") {
  Host host;
  FileStore store(host.filesystem, host.settings);
  const auto before = store.read();
  REQUIRE(before);
  run_or_throw({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=other", "-days", "60", "-keyout", host.file("key2"), "-out", host.file("certificate2")});
  run_or_throw({"openssl", "pkcs12", "-export", "-inkey", host.file("key2"), "-in", host.file("certificate2"),
                "-passout", "pass:changeit", "-out", host.file("p12")});
  const auto after = store.read();
  REQUIRE(after);
  CHECK(after->keystore.certificate.common_name() == "other");
  CHECK(after->bytes != before->bytes);
  // The first one again, from its bytes.
  CHECK(store.open(before->bytes)->keystore.certificate.common_name() == "account");
}

TEST_CASE("a keystore is put in place when its file or a link on the way to it is changed") {
  Host host;
  const auto changed_at = [](const std::filesystem::path& path) {
    struct stat status{};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return TimePoint(std::chrono::seconds(status.st_ctim.tv_sec) + std::chrono::nanoseconds(status.st_ctim.tv_nsec));
  };
  CHECK(FileStore(host.filesystem, host.settings).placed_at() == changed_at(host.settings.path));

  const auto link = host.directory / "link";
  std::filesystem::create_directory_symlink(".", link);
  std::filesystem::create_symlink("p12", host.directory / "keystore");
  host.settings.path = link / "keystore";
  const auto latest =
      std::max({changed_at(link), changed_at(host.directory / "keystore"), changed_at(host.directory / "p12")});
  CHECK(FileStore(host.filesystem, host.settings).placed_at() == latest);

  std::filesystem::create_symlink("loop", host.directory / "loop");
  host.settings.path = host.directory / "loop";
  CHECK_FALSE(FileStore(host.filesystem, host.settings).placed_at());
  host.settings.path = host.directory / "missing";
  CHECK_FALSE(FileStore(host.filesystem, host.settings).placed_at());
}
