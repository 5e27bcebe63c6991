// What `init` finds by itself; tests/integration covers questions, files and a renewal.
#include "commands/init.hpp"

#include <sstream>

#include "../setup/host.hpp"
#include "configuration/loader.hpp"
#include "support/catch.hpp"

namespace renewd::commands {
namespace {

using testing::kGatewayFile;
using testing::SurveyedHost;
using testing::TemporaryDirectory;

constexpr const char* kUrl = "https://eu.cloud.gravitee.io/management/accounts/7b6f41d3-7118-41e9-af41-d3711801e973";

TEST_CASE("init finds gravitee.yml, the unit and the technical API of a stock host") {
  const SurveyedHost host;
  host.write(
      kGatewayFile,
      "cockpit: {enabled: true, keystore: {type: pkcs12, path: '${gravitee.home}/config/k.p12', password: hunter2}}\n"
      "services: {core: {http: {authentication: {users: {admin: hunter3}}}}}\n");
  host.write_stock_unit();
  const TemporaryDirectory directory;
  std::ostringstream out;
  std::ostringstream errors;
  setup::NoAnswers no_answers;
  const int status = init({.from = {}, .output = directory / "config.yaml", .account_url = kUrl, .root = host.root()},
                          no_answers, out, errors);
  INFO(out.str() << errors.str());
  REQUIRE(status == 0);
  const auto settings = configuration::load(directory / "config.yaml");
  REQUIRE(settings.has_value());
  const auto& certificate = settings->certificates.at(0);
  CHECK(certificate.keystore.path == "/opt/graviteeio/apim/gateway/config/k.p12");
  CHECK(std::get<configuration::SystemdGateway>(certificate.gateway.action).units ==
        std::vector<std::string>{"graviteeio-apim-gateway.service"});
  CHECK(testing::read_file(certificate.keystore.password->name) == "hunter2\n");
  CHECK(testing::read_file(certificate.gateway.http_probe->password->name) == "hunter3\n");
  for (const std::string& text : {out.str(), errors.str(), testing::read_file(directory / "config.yaml")}) {
    CHECK_THAT(text, !ContainsSubstring("hunter"));
  }
}

TEST_CASE("init on a host without Gravitee asks for --from") {
  const SurveyedHost host;
  const TemporaryDirectory directory;
  std::ostringstream out;
  std::ostringstream errors;
  setup::NoAnswers no_answers;
  CHECK(init({.from = {}, .output = directory / "config.yaml", .account_url = kUrl, .root = host.root()}, no_answers,
             out, errors) == 2);
  CHECK_THAT(errors.str(), ContainsSubstring("--from FILE"));
  CHECK(out.str().empty());
  CHECK(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace renewd::commands
