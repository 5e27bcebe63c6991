#include "supervision/inputs.hpp"

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::supervision;
using namespace renewd::testing;

namespace {

struct Files {
  TemporaryDirectory directory;
  std::filesystem::path token = directory.path() / "token";
  std::filesystem::path password = directory.path() / "password";
  std::filesystem::path ca_file = directory.path() / "ca.pem";

  Files() {
    for (const auto& file : {token, password, ca_file}) {
      write_file(file, "first");
    }
  }

  Inputs inputs() {
    using Kind = SecretSource::Kind;
    configuration::CertificateSettings certificate;
    certificate.token = SecretSource{Kind::file, token.string(), {}};
    certificate.keystore.password = SecretSource{Kind::file, password.string(), {}};
    configuration::HttpSettings http;
    http.ca_file = ca_file;
    return {certificate, http};
  }
};

}  // namespace

TEST_CASE("a failure depends on the inputs of its class alone") {
  Files files;
  const Inputs inputs = files.inputs();
  const auto before = inputs.read();
  const auto retries = [&](const char* failure) { return inputs.differ(failure, before, inputs.read()); };
  write_file(files.token, "second");
  CHECK(retries("unauthorized"));
  for (const char* const other : {"tls", "bad_answer", "gateway", "disk", "rate_limited", "server_error", ""}) {
    CHECK_FALSE(retries(other));
  }
  write_file(files.ca_file, "second");
  CHECK(retries("tls"));
  write_file(files.password, "second");
  CHECK(retries("bad_answer"));
  CHECK_FALSE(retries("gateway"));
}

TEST_CASE("a failure of the fleet depends on its key") {
  Files files;
  configuration::FleetSettings fleet;
  fleet.etcd.emplace().key = SecretSource{SecretSource::Kind::file, files.password.string(), {}};
  const Inputs inputs({}, {}, fleet);
  const auto before = inputs.read();
  CHECK_FALSE(inputs.differ("fleet", before, inputs.read()));
  write_file(files.password, "second");
  CHECK(inputs.differ("fleet", before, inputs.read()));
  CHECK_FALSE(inputs.differ("unauthorized", before, inputs.read()));
}

TEST_CASE("the same contents are no change, and contents that can be read again are one") {
  Files files;
  const Inputs inputs = files.inputs();
  const auto before = inputs.read();
  std::filesystem::remove(files.token);
  const auto missing = inputs.read();
  CHECK(inputs.differ("unauthorized", before, missing));
  write_file(files.token, "first");
  CHECK_FALSE(inputs.differ("unauthorized", before, inputs.read()));
  CHECK(inputs.differ("unauthorized", missing, inputs.read()));
}

TEST_CASE("what changed while no daemon ran is found by its time") {
  Files files;
  const Inputs inputs = files.inputs();
  const auto changed = *changed_at(files.token);
  CHECK(inputs.changed_since("unauthorized", changed - std::chrono::seconds(1)));
  CHECK_FALSE(inputs.changed_since("unauthorized", changed + std::chrono::hours(1)));
  CHECK_FALSE(inputs.changed_since("gateway", changed - std::chrono::seconds(1)));
  configuration::CertificateSettings certificate;
  certificate.token = SecretSource{SecretSource::Kind::env, "TOKEN", {}};
  CHECK(Inputs(certificate, {}).changed_since("unauthorized", changed + std::chrono::hours(1)));
}
