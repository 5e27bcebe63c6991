#include "fixtures.hpp"

#include <functional>
#include <map>
#include <stdexcept>

#include <openssl/err.h>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::testing {
namespace {

const std::filesystem::path& directory() {
  static const TemporaryDirectory kDirectory;
  return kDirectory.path();
}

std::string at(const std::string& name) {
  return (directory() / name).string();
}

std::string dname() {
  return "CN=" + std::string(kAccount) + ", OU=Cockpit, O=GraviteeSource, L=Lille, C=FR";
}

void keytool(const std::string& name, std::vector<std::string> arguments, const std::vector<std::string>& java = {}) {
  std::vector<std::string> argv{"keytool"};
  argv.insert(argv.end(), java.begin(), java.end());
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  argv.insert(argv.end(), {"-keystore", at(name), "-storepass", std::string(kPassword)});
  run_or_throw(argv);
}

void make_key_entry(const std::string& name, const std::string& type, const std::string& alias = "cockpit-client",
                    const std::vector<std::string>& java = {}) {
  keytool(name,
          {"-genkeypair", "-alias", alias, "-keyalg", "RSA", "-keysize", "2048", "-validity", "365", "-dname", dname(),
           "-storetype", type},
          java);
}

void make_chain() {
  const auto make = [](const std::string& name, const std::string& subject, const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"req",  "-x509",           "-nodes", "-keyout", at(name + ".key"),
                                       "-out", at(name + ".pem"), "-subj",  subject};
    arguments.insert(arguments.end(), options.begin(), options.end());
    openssl(arguments);
  };
  const std::vector<std::string> elliptic{"-newkey", "ec",   "-pkeyopt", "ec_paramgen_curve:P-256",
                                          "-days",   "3650", "-addext",  "keyUsage=keyCertSign"};
  auto intermediate = elliptic;
  intermediate.insert(intermediate.end(), {"-CA", at("root.pem"), "-CAkey", at("root.key")});
  make("root", "/CN=Test Root", elliptic);
  make("intermediate", "/CN=Test Intermediate", intermediate);
  make("leaf", "/C=FR/OU=Cockpit/CN=" + std::string(kAccount),
       {"-newkey", "rsa:2048", "-days", "365", "-CA", at("intermediate.pem"), "-CAkey", at("intermediate.key"),
        "-addext", "basicConstraints=CA:FALSE"});
}

void make_pkcs12(const std::string& name, const std::vector<std::string>& options,
                 const std::string& pass = std::string(kPassword)) {
  write_file(at("issuers.pem"), joined_fixtures({"root.pem", "intermediate.pem"}));
  std::vector<std::string> arguments{"pkcs12",   "-export",      "-inkey", fixture("leaf.key").string(),
                                     "-in",      at("leaf.pem"), "-out",   at(name),
                                     "-passout", "pass:" + pass};
  arguments.insert(arguments.end(), options.begin(), options.end());
  openssl(arguments);
}

const std::map<std::string, std::function<void()>>& recipes() {
  static const std::map<std::string, std::function<void()>> kRecipes{
      {"leaf.pem", make_chain},
      {"modern.p12", [] { make_key_entry("modern.p12", "PKCS12"); }},
      {"old.p12", [] { make_key_entry("old.p12", "PKCS12", "cockpit-client", {"-J-Dkeystore.pkcs12.legacy"}); }},
      {"store.jks", [] { make_key_entry("store.jks", "JKS"); }},
      {"chain.p12", [] { make_pkcs12("chain.p12", {"-name", "cockpit-client", "-certfile", at("issuers.pem")}); }},
      {"unnamed.p12", [] { make_pkcs12("unnamed.p12", {}); }},
      {"openssl-legacy.p12", [] { make_pkcs12("openssl-legacy.p12", {"-legacy", "-name", "cockpit-client"}); }},
      {"bare.p12",
       [] {
         make_pkcs12("bare.p12", {"-keypbe", "NONE", "-certpbe", "NONE", "-nomac", "-name", "bare", "-certfile",
                                  at("issuers.pem")});
       }},
      {"empty-password.p12", [] { make_pkcs12("empty-password.p12", {"-name", "cockpit-client"}, ""); }},
      {"trust.p12",
       [] {
         keytool("trust.p12", {"-importcert", "-noprompt", "-alias", "authority", "-file", fixture("root.pem").string(),
                               "-storetype", "PKCS12"});
       }},
      {"two.p12",
       [] {
         make_key_entry("two.p12", "PKCS12", "another");
         make_key_entry("two.p12", "PKCS12");
       }},
      {"leaf.der",
       [] { openssl({"x509", "-in", fixture("leaf.pem").string(), "-outform", "DER", "-out", at("leaf.der")}); }},
      {"bundle.p7b",
       [] {
         write_file(at("bundle.pem"), joined_fixtures({"root.pem", "leaf.pem", "intermediate.pem"}));
         openssl({"crl2pkcs7", "-nocrl", "-certfile", at("bundle.pem"), "-outform", "DER", "-out", at("bundle.p7b")});
         openssl({"crl2pkcs7", "-nocrl", "-certfile", at("bundle.pem"), "-out", at("bundle-pem.p7b")});
       }},
  };
  return kRecipes;
}

// Files that come from another one's recipe.
std::string recipe_of(const std::string& name) {
  if (name == "leaf.key" || name == "intermediate.pem" || name == "root.pem") {
    return "leaf.pem";
  }
  return name == "bundle-pem.p7b" ? "bundle.p7b" : name;
}

}  // namespace

std::filesystem::path fixture(const std::string& name) {
  if (!std::filesystem::exists(at(name))) {
    recipes().at(recipe_of(name))();
  }
  return at(name);
}

std::string fixture_bytes(const std::string& name) {
  return read_file(fixture(name));
}

std::string joined_fixtures(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) {
    all += fixture_bytes(name);
  }
  return all;
}

std::string openssl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "openssl");
  return run_or_throw(arguments);
}

bool have_tools() {
  if (have_program("openssl") && have_program("keytool")) {
    return true;
  }
  WARN("skipped: this test makes its keystores with openssl and keytool");
  return false;
}

certificate::Keystore open_or_fail(std::string_view bytes, const Secret& password) {
  auto opened = certificate::open_keystore(bytes, password);
  CHECK(ERR_peek_error() == 0);
  if (!opened) {
    throw std::runtime_error("cannot open: " + opened.error().message);
  }
  return std::move(*opened);
}

certificate::KeystoreError error_of(std::string_view bytes, const Secret& password) {
  auto opened = certificate::open_keystore(bytes, password);
  CHECK(ERR_peek_error() == 0);
  if (opened) {
    throw std::runtime_error("opened, and should not have: " + opened->certificate.subject());
  }
  CHECK_FALSE(opened.error().message.empty());
  CHECK(opened.error().message.find(kPassword) == std::string::npos);
  return std::move(opened.error());
}

}  // namespace renewd::testing
