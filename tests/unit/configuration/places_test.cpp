#include "configuration/places.hpp"

#include "support/catch.hpp"

namespace renewd::configuration {
namespace {

constexpr std::string_view kFile = R"(certificates:
  - name: a
    keystore: {path: /k}
    gateway:
      systemd:
        units: [a.service, b.service]
  - name: b
log:
)";

std::string place(std::string_view path) {
  auto document = read_yaml(kFile);
  REQUIRE(document.has_value());
  const Place found = Places(std::move(*document)).of(path);
  return std::to_string(found.line) + ":" + std::to_string(found.column);
}

TEST_CASE("finds a value by its path") {
  CHECK(place("certificates") == "2:3");
  CHECK(place("certificates[0].name") == "2:11");
  CHECK(place("certificates[1].name") == "7:11");
  CHECK(place("certificates[0].keystore.path") == "3:22");
  CHECK(place("certificates[0].gateway.systemd.units[1]") == "6:28");
}

TEST_CASE("a missing value is reported at the nearest map or list around it") {
  CHECK(place("") == "1:1");
  CHECK(place("http.proxy") == "1:1");
  CHECK(place("log.level") == "8:1");
  CHECK(place("certificates[0].renew_before") == "2:5");
  CHECK(place("certificates[0].keystore.password.file") == "3:15");
  CHECK(place("certificates[0].gateway.systemd.unit") == "6:9");
  CHECK(place("certificates[0].gateway.systemd.units[2]") == "6:16");
  CHECK(place("certificates[7].name") == "2:3");
  CHECK(place("certificates.name") == "2:3");
}

TEST_CASE("an invalid path is followed as far as possible") {
  CHECK(place("certificates[x].name") == "2:3");
  CHECK(place("certificates[") == "2:3");
  CHECK(place("..") == "1:1");
  CHECK(place("]") == "1:1");
}

}  // namespace
}  // namespace renewd::configuration
