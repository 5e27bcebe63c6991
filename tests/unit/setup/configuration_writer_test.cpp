#include "setup/configuration_writer.hpp"

#include "configuration/loader.hpp"
#include "support/catch.hpp"
#include "unit/configuration/declared.hpp"

namespace renewd::setup {
namespace {

CertificateDraft draft() {
  return {.name = "production",
          .account_url = "https://eu.cloud.gravitee.io/management/accounts/7b6f41d3-7118-41e9-af41-d3711801e973",
          .token_file = "/etc/gravitee-renewd/account-token",
          .keystore = "/opt/graviteeio/apim/gateway/config/keystore.p12",
          .keystore_origin = "/etc/gravitee-gateway/gravitee.yml, cockpit.keystore",
          .keystore_type = "pkcs12",
          .password_file = "/etc/gravitee-renewd/keystore-password",
          .units = {"graviteeio-apim-gateway.service"},
          .health = {"http://localhost:18082/_node/health", "admin", "/etc/gravitee-renewd/health-password", ""}};
}

std::string text_of(const std::vector<CertificateDraft>& certificates) {
  const auto text = write_configuration(certificates);
  if (!text) {
    FAIL(text.error().message);
  }
  return *text;
}

configuration::Settings settings_of(const std::vector<CertificateDraft>& certificates) {
  const auto settings = configuration::parse(text_of(certificates));
  REQUIRE(settings.has_value());
  return *settings;
}

// The file after an operator has removed each "#" that is not followed by exactly one space.
std::string uncommented(const std::string& text) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    std::string line = text.substr(begin, end - begin);
    const bool remark = line.starts_with("# ") && !line.starts_with("#  ");
    if (line.size() > 1 && line[0] == '#' && !remark) {
      line.erase(0, 1);
    }
    out += line + "\n";
    begin = end + 1;
  }
  return out;
}

TEST_CASE("the loader reads the draft back") {
  const auto settings = settings_of({draft()});
  const auto& certificate = settings.certificates.at(0);
  CHECK(certificate.name == "production");
  CHECK(certificate.account_url == draft().account_url);
  CHECK(certificate.token->name == draft().token_file);
  CHECK(certificate.keystore.path == draft().keystore);
  CHECK(certificate.keystore.password->name == draft().password_file->string());
  CHECK(std::get<configuration::SystemdGateway>(certificate.gateway.action).units == draft().units);
  CHECK(certificate.gateway.http_probe->url == draft().health.url);
  CHECK(certificate.gateway.http_probe->username == "admin");
  CHECK(certificate.gateway.http_probe->password->name == draft().health.password_file);
  CHECK_FALSE(certificate.gateway.log_probe.has_value());
}

TEST_CASE("writes the log that shows the connection to the cloud: the journal's or a file") {
  auto logged = draft();
  logged.health.problem = GENERATE("", "services.core.http.enabled is not true");
  logged.log = LogDraft{"graviteeio-apim-gateway.service", {}};
  const auto journal = settings_of({logged}).certificates.at(0).gateway;
  REQUIRE(journal.log_probe);
  CHECK(std::get<std::string>(journal.log_probe->target) == "graviteeio-apim-gateway.service");
  CHECK(journal.log_probe->ready->found_in("Exchange Connector is now connected and ready"));
  CHECK_FALSE(journal.log_probe->failed);
  CHECK(journal.http_probe.has_value() == logged.health.problem.empty());
  logged.log->file = "/var/log/gateway.log";
  CHECK(std::get<std::filesystem::path>(settings_of({logged}).certificates.at(0).gateway.log_probe->target) ==
        "/var/log/gateway.log");
}

TEST_CASE("every option is valid after removing the #") {
  auto without_health = draft();
  without_health.name = "other";
  without_health.keystore = "/other.p12";
  without_health.health.problem = "services.core.http.enabled is not true";
  auto without_unit = draft();
  without_unit.name = "third";
  without_unit.keystore = "/third.p12";
  without_unit.units.clear();
  without_unit.password_file.reset();
  const auto text = text_of({draft(), without_health, without_unit});
  const auto settings = configuration::parse(uncommented(text));
  if (!settings) {
    FAIL(settings.error().front().message << " on line " << settings.error().front().place.line << " of\n"
                                          << uncommented(text));
  }
  CHECK(settings->certificates.at(0).gateway.log_probe.has_value());
  CHECK(settings->certificates.at(1).gateway.http_probe.has_value());
  CHECK(settings->http.proxy.has_value());
}

TEST_CASE("options that are not examples show the default") {
  auto shown = configuration::parse(uncommented(text_of({draft()})));
  REQUIRE(shown);
  auto by_itself = settings_of({draft()});
  const auto options = configuration::values_of(configuration::declared(shown->keys()));
  const auto defaults = configuration::values_of(configuration::declared(by_itself.keys()));
  CHECK(defaults.size() > 20);
  for (const auto& [name, value] : defaults) {
    CAPTURE(name);
    CHECK(options.at(name) == value);
  }
}

TEST_CASE("is valid without a health check or a unit") {
  auto changed = draft();
  changed.health.problem = "why\nnot";
  CHECK_FALSE(settings_of({changed}).certificates.at(0).gateway.http_probe.has_value());
  changed.health = {"http://localhost:18082/_node/health", "", "", ""};
  CHECK_FALSE(settings_of({changed}).certificates.at(0).gateway.http_probe->password.has_value());
  changed.units = {"a.service", "b@c.service"};
  CHECK(std::get<configuration::SystemdGateway>(settings_of({changed}).certificates.at(0).gateway.action).units ==
        changed.units);
  changed.units.clear();
  changed.password_file.reset();
  const auto certificate = settings_of({changed}).certificates.at(0);
  CHECK(std::holds_alternative<configuration::NoGateway>(certificate.gateway.action));
  CHECK_FALSE(certificate.keystore.password.has_value());
}

std::string without_colons(std::string text) {
  std::erase(text, ':');
  return text;
}

TEST_CASE("reads any path back unchanged") {
  for (const std::string path :
       {"/with space/k.p12", "/colon: x", "/hash #1", "/quote\"s and 'more'", "/back\\slash", "/{flow}, [map]",
        "/é/ключ.p12", "/%TAG", "/tab\there", "/new\nline", "/ends:", "/*alias", "/!tag", "/trailing ", "/\x7f\x01",
        "/zero\u200bwidth", "/next\u0085line", "/separator\u2028", "/mark\ufeff"}) {
    INFO(path);
    auto changed = draft();
    changed.keystore = path;
    changed.token_file = path;
    changed.password_file = path;
    changed.health.password_file = path;
    changed.health.username = without_colons(path);
    const auto certificate = settings_of({changed}).certificates.at(0);
    CHECK(certificate.keystore.path == path);
    CHECK(certificate.token->name == path);
    CHECK(certificate.keystore.password->name == path);
    CHECK(certificate.gateway.http_probe->username == without_colons(path));
  }
}

TEST_CASE("fails for text that is invalid in YAML or that the loader refuses") {
  auto changed = draft();
  changed.keystore = "/latin1-\xe9";
  CHECK_FALSE(write_configuration({changed}).has_value());
  changed = draft();
  changed.account_url = "";
  CHECK_FALSE(write_configuration({changed}).has_value());
  changed = draft();
  changed.name = "null";
  CHECK(settings_of({changed}).certificates.at(0).name == "null");
}

TEST_CASE("foreign text in a comment stays in it") {
  auto changed = draft();
  changed.keystore_origin = "/etc/x\nstate_directory: /evil";
  changed.keystore_type = "x\n- y";
  CHECK(settings_of({changed}).state_directory == "/var/lib/gravitee-renewd");
}

}  // namespace
}  // namespace renewd::setup
