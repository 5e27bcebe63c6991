// Loads the YAML examples in docs/configuration.md and README.md.
#include <fstream>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "configuration/loader.hpp"
#include "plain_json.hpp"
#include "right_file.hpp"
#include "support/catch.hpp"

namespace renewd::configuration {
namespace {

namespace json = boost::json;

std::vector<std::string> yaml_blocks(const char* document) {
  std::ifstream lines(document);
  std::vector<std::string> blocks;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "```yaml") {
      inside = true;
      blocks.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

TEST_CASE("every YAML example in the documents is valid") {
  std::size_t pieces = 0;
  for (const char* document : {RENEWD_CONFIGURATION_DOCUMENT, RENEWD_README}) {
    for (const std::string& yaml : yaml_blocks(document)) {
      CAPTURE(document, yaml);
      ++pieces;
      const json::object piece = plain_json(yaml).as_object();
      if (piece.contains("certificates")) {
        CHECK(parse(yaml));
        continue;
      }
      RightFile file;
      for (const auto& [key, value] : piece) {
        file.put(std::string(key), value);
      }
      CHECK(parse(file.yaml()));
    }
  }
  CHECK(pieces >= 3);
}

}  // namespace
}  // namespace renewd::configuration
