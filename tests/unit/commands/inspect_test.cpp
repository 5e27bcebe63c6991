#include "commands/inspect.hpp"

#include <sys/stat.h>

#include <sstream>
#include <thread>

#include <boost/json.hpp>

#include "fixtures.hpp"
#include "support/catch.hpp"
#include "support/hostile_answers.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::commands {
namespace {

namespace json = boost::json;
using testing::fixture;
using testing::kAccount;

struct Inspected {
  int status;
  std::string out;
  std::string errors;
};

// An empty password means none.
Inspected run_inspect(const std::filesystem::path& file, const std::string& password, bool as_json = false) {
  const testing::TemporaryDirectory directory;
  InspectOptions options{.keystore = file, .password_file = std::nullopt, .json = as_json};
  if (!password.empty()) {
    testing::write_file(directory / "password", password + "\n");
    options.password_file = directory / "password";
  }
  std::ostringstream out;
  std::ostringstream errors;
  const int status = inspect(options, Screen{}, out, errors);
  return {status, out.str(), errors.str()};
}

json::object inspect_json(const std::filesystem::path& file, const std::string& password) {
  const auto inspected = run_inspect(file, password, true);
  INFO(inspected.errors);
  REQUIRE(inspected.status == 0);
  CHECK(inspected.errors.empty());
  return json::parse(inspected.out).as_object();
}

TEST_CASE("inspect reads a keystore and its password from pipes") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  const InspectOptions options{directory / "keystore", directory / "password"};
  for (const auto& fifo : {options.keystore, *options.password_file}) {
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  }
  std::thread writer([&options] {
    testing::write_file(*options.password_file, "changeit\r\n");
    testing::write_file(options.keystore, testing::read_file(fixture("chain.p12")));
  });
  std::ostringstream out;
  std::ostringstream errors;
  CHECK(inspect(options, Screen{}, out, errors) == 0);
  writer.join();
  CHECK_THAT(out.str(), ContainsSubstring("cockpit-client"));
}

TEST_CASE("inspect shows the content of a keystore") {
  if (!testing::have_tools()) {
    return;
  }
  const auto shown = run_inspect(fixture("chain.p12"), "changeit");
  CHECK(shown.status == 0);
  for (const std::string& text :
       std::vector<std::string>{"PKCS#12", "cockpit-client", std::string(kAccount), "CN=Test Intermediate", "RSA 2048",
                                "(in 36", "present, matches the certificate", "2 more", "CN=Test Root"}) {
    CHECK_THAT(shown.out, ContainsSubstring(text));
  }
  CHECK(shown.out.find("legacy") == std::string::npos);
  CHECK_THAT(run_inspect(fixture("old.p12"), "changeit").out, ContainsSubstring("legacy provider"));
}

TEST_CASE("inspect --json has the state of the key, and the chain") {
  if (!testing::have_tools()) {
    return;
  }
  const auto object = inspect_json(fixture("chain.p12"), "changeit");
  CHECK(object.at("format") == "pkcs12");
  CHECK(object.at("encoding").is_null());
  CHECK(object.at("alias") == "cockpit-client");
  CHECK(object.at("key") == "present");
  CHECK(object.at("key_matches") == true);
  CHECK(object.at("legacy_encryption") == false);
  REQUIRE(object.at("chain").as_array().size() == 2);
  CHECK(object.at("chain").as_array()[1].as_object().at("subject") == "CN=Test Root");
  CHECK(object.at("sha256_fingerprint").as_string().size() == 64);

  const auto jks = inspect_json(fixture("store.jks"), "");
  CHECK(jks.at("key") == "not_read");
  CHECK(jks.at("key_matches").is_null());
  CHECK(inspect_json(fixture("leaf.der"), "").at("key") == "absent");
  CHECK(inspect_json(fixture("old.p12"), "changeit").at("legacy_encryption") == true);
}

TEST_CASE("inspect shows an oversized key of an answer without computing with it") {
  const testing::TemporaryDirectory directory;
  const auto answers = testing::hostile_answers(kAccount, "changeit");
  REQUIRE(answers.front().name == "RSA of 262144 bits");
  testing::write_file(directory / "answer", answers.front().bytes);
  const auto shown = run_inspect(directory / "answer", "changeit");
  INFO(shown.errors);
  CHECK(shown.status == 0);
  CHECK_THAT(shown.out, ContainsSubstring("RSA 262144") && ContainsSubstring("present, not read (a private key of"));
  const auto object = inspect_json(directory / "answer", "changeit");
  CHECK(object.at("key_type") == "RSA 262144");
  CHECK(object.at("key") == "not_read");
}

TEST_CASE("inspect shows extra bytes, and a keystore from which a JDK would use no certificate") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  testing::write_file(directory / "longer.p12", testing::fixture_bytes("modern.p12") + "\r\n");
  CHECK_THAT(run_inspect(directory / "longer.p12", "changeit").out, ContainsSubstring("2 extra bytes"));
  const auto longer = inspect_json(directory / "longer.p12", "changeit");
  CHECK(longer.at("extra_bytes") == 2);
  CHECK(longer.at("ambiguous") == false);
  CHECK(inspect_json(fixture("modern.p12"), "changeit").at("extra_bytes") == 0);
  // Its key is not encrypted.
  CHECK_THAT(run_inspect(fixture("bare.p12"), "changeit").out, ContainsSubstring("the JDK matches"));
  CHECK(inspect_json(fixture("bare.p12"), "changeit").at("ambiguous") == true);
}

TEST_CASE("inspect opens stored answers") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  const std::string base64 = testing::openssl({"base64", "-A", "-in", fixture("modern.p12").string()});
  testing::write_file(directory / "answer", base64);
  CHECK_THAT(run_inspect(directory / "answer", "changeit").out, ContainsSubstring("base64 PKCS#12"));
  testing::write_file(directory / "answer.json", "{\"certificate\": \"" + base64 + "\"}");
  CHECK(inspect_json(directory / "answer.json", "changeit").at("encoding") == "JSON base64");
}

TEST_CASE("inspect distinguishes a wrong password, a missing one and damage") {
  if (!testing::have_tools()) {
    return;
  }
  const auto fails = [](const std::filesystem::path& file, const std::string& password) {
    const auto inspected = run_inspect(file, password);
    CHECK(inspected.status == 1);
    CHECK(inspected.out.empty());
    return inspected.errors;
  };
  CHECK_THAT(fails(fixture("modern.p12"), "wrong"), ContainsSubstring("wrong password"));
  CHECK_THAT(fails(fixture("modern.p12"), ""), ContainsSubstring("--password-file"));
  const testing::TemporaryDirectory directory;
  testing::write_file(directory / "cut.p12", testing::fixture_bytes("modern.p12").substr(0, 1000));
  CHECK_THAT(fails(directory / "cut.p12", "changeit"), ContainsSubstring("damaged"));
  testing::write_file(directory / "page.html", "<html>\x1b[2J");
  CHECK_THAT(fails(directory / "page.html", ""), ContainsSubstring("PKCS#12"));
  CHECK_THAT(fails(directory / "missing.p12", ""), ContainsSubstring("missing.p12"));
}

}  // namespace
}  // namespace renewd::commands
