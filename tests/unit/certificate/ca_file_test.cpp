#include "certificate/ca_file.hpp"

#include "certificate/keystore.hpp"
#include "fixtures.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::certificate;
using testing::fixture;
using testing::fixture_bytes;
using testing::joined_fixtures;
using testing::openssl;
using testing::read_file;
using testing::TemporaryDirectory;
using testing::write_file;

namespace {

std::string with_carriage_returns(std::string text) {
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2)) {
    text.replace(at, 1, "\r\n");
  }
  return text;
}

// Names and error of a CA file with these bytes.
std::string outcome(const std::string& bytes, Peer peer = Peer::server) {
  const TemporaryDirectory directory;
  write_file(directory / "ca", bytes);
  const auto trusted = read_ca_file(PosixFilesystem(), directory / "ca", peer);
  if (!trusted) {
    CHECK(trusted.error().kind == ErrorKind::disk);
    CHECK_THAT(trusted.error().message, ContainsSubstring((directory / "ca").string()));
    return trusted.error().message;
  }
  std::string names;
  for (const auto& certificate : *trusted) {
    names += (names.empty() ? "" : ", ") + certificate.common_name();
  }
  return names;
}

// The root with OpenSSL's trust settings.
std::string root_with(const std::vector<std::string>& settings) {
  const TemporaryDirectory directory;
  std::vector<std::string> arguments{"x509", "-in", fixture("root.pem"), "-trustout", "-out", directory / "trusted"};
  arguments.insert(arguments.end(), settings.begin(), settings.end());
  openssl(arguments);
  return read_file(directory / "trusted");
}

}  // namespace

TEST_CASE("reads a CA file in every format") {
  if (!testing::have_tools()) {
    return;
  }
  const std::string both = joined_fixtures({"root.pem", "intermediate.pem"});
  CHECK(outcome(both) == "Test Root, Test Intermediate");
  CHECK(outcome("# Test Root\n" + fixture_bytes("root.pem") + "words\n" + fixture_bytes("intermediate.pem") +
                "\nend") == "Test Root, Test Intermediate");
  CHECK(outcome("\xEF\xBB\xBF" + both) == "Test Root, Test Intermediate");
  CHECK(outcome(with_carriage_returns(both)) == "Test Root, Test Intermediate");
  CHECK(outcome(fixture_bytes("intermediate.pem")) == "Test Intermediate");
  CHECK(outcome(fixture_bytes("leaf.der")) == testing::kAccount);
  CHECK_THAT(outcome(fixture_bytes("bundle.p7b")), ContainsSubstring("Test Root"));
  CHECK_THAT(outcome(fixture_bytes("bundle-pem.p7b")), ContainsSubstring("Test Root"));
  CHECK_THAT(outcome(fixture_bytes("bundle-pem.p7b") + fixture_bytes("root.pem")), EndsWith(", Test Root"));
  CHECK(outcome(both + fixture_bytes("root.pem")) == "Test Root, Test Intermediate, Test Root");
  CHECK(outcome(fixture_bytes("root.key") + fixture_bytes("root.pem")) == "Test Root");
}

TEST_CASE("reports which block of a CA file is broken, and a file without certificates") {
  if (!testing::have_tools()) {
    return;
  }
  const std::string good = fixture_bytes("root.pem");
  std::string broken = fixture_bytes("intermediate.pem");
  broken.replace(broken.find('\n') + 1, 4, "AAAA");
  CHECK_THAT(outcome(good + broken + good), ContainsSubstring("PEM block 2 (CERTIFICATE): "));
  CHECK_THAT(outcome(good + good.substr(0, good.size() / 2)), ContainsSubstring("PEM block 2"));
  CHECK_THAT(outcome(""), ContainsSubstring("PEM block"));
  CHECK_THAT(outcome("none here\n"), ContainsSubstring("PEM block"));
  CHECK_THAT(outcome(fixture_bytes("root.key")), ContainsSubstring("no certificate"));
}

TEST_CASE("an authority is not trusted for a purpose that its trust settings exclude") {
  if (!testing::have_tools()) {
    return;
  }
  CHECK(outcome(root_with({})) == "Test Root");
  for (const Peer peer : {Peer::server, Peer::client}) {
    const std::string own = peer == Peer::server ? "serverAuth" : "clientAuth";
    const std::string other = peer == Peer::server ? "clientAuth" : "serverAuth";
    INFO(own);
    CHECK(outcome(root_with({"-addtrust", own}), peer) == "Test Root");
    CHECK(outcome(root_with({"-addreject", other}), peer) == "Test Root");
    CHECK_THAT(outcome(root_with({"-addreject", own}), peer), ContainsSubstring("TRUSTED CERTIFICATE"));
    CHECK_THAT(outcome(root_with({"-addtrust", other}), peer), ContainsSubstring("TRUSTED CERTIFICATE"));
    CHECK(outcome(root_with({"-addreject", own}) + fixture_bytes("intermediate.pem"), peer) == "Test Intermediate");
  }
}
