// Compares config/config.schema.json, which editors use, with the loader: the same keys, and the same result for every
// good and bad file.
#include <algorithm>
#include <iterator>
#include <set>
#include <stdexcept>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#include <vector>

#include <boost/json.hpp>

#include "bad_files.hpp"
#include "configuration/loader.hpp"
#include "good_files.hpp"
#include "nearly_right.hpp"
#include "plain_json.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::configuration {
namespace {

namespace json = boost::json;

json::value schema_text() {
  return json::parse(testing::read_file(RENEWD_CONFIGURATION_SCHEMA));
}

class SchemaChecker {
 public:
  SchemaChecker() {
    const json::value text = schema_text();
    valijson::SchemaParser().populateSchema(valijson::adapters::BoostJsonAdapter(text), schema_);
  }

  // Nothing, or why the schema refuses the file.
  std::string complaint(std::string_view yaml) const {
    const json::value file = plain_json(yaml);
    valijson::ValidationResults results;
    valijson::Validator validator;
    if (validator.validate(schema_, valijson::adapters::BoostJsonAdapter(file), &results)) {
      return {};
    }
    valijson::ValidationResults::Error error;
    std::string all;
    while (results.popError(error)) {
      for (const std::string& step : error.context) {
        all += step;
      }
      all += ": " + error.description + "; ";
    }
    return all;
  }

 private:
  valijson::Schema schema_;
};

// A part of the schema, with "$ref" resolved.
const json::object& resolved(const json::value& schema, const json::value& part) {
  const json::object& object = part.as_object();
  const auto* const reference = object.if_contains("$ref");
  if (reference == nullptr) {
    return object;
  }
  json::error_code error;
  const std::string pointer = std::string(reference->as_string()).substr(1);
  return schema.find_pointer(pointer, error)->as_object();
}

// A map of the configuration in the schema.
struct SchemaMap {
  std::vector<std::string> path;  // from the root; "[]" for each entry of a list
  std::set<std::string> keys;
};

void collect_maps(const json::value& schema, const json::value& part, std::vector<std::string> path,
                  std::vector<SchemaMap>& into) {
  const json::object& object = resolved(schema, part);
  if (const auto* const items = object.if_contains("items"); items != nullptr && items->is_object()) {
    path.emplace_back("[]");
    collect_maps(schema, *items, std::move(path), into);
    return;
  }
  const auto* const properties = object.if_contains("properties");
  if (properties == nullptr) {
    return;
  }
  SchemaMap map{path, {}};
  for (const auto& [key, value] : properties->as_object()) {
    map.keys.emplace(key);
    auto below = path;
    below.emplace_back(key);
    collect_maps(schema, value, std::move(below), into);
  }
  into.push_back(std::move(map));
}

// The keys that the loader accepts in a map, from its message about an unknown one.
std::set<std::string> keys_of_loader(const std::vector<std::string>& path) {
  std::string yaml = "{qqqqqqqqqqqq: 1}";
  std::string name;
  for (auto step = path.rbegin(); step != path.rend(); ++step) {
    yaml = *step == "[]" ? "[" + yaml + "]" : "{" + *step + ": " + yaml + "}";
  }
  const auto settings = parse(yaml);
  REQUIRE_FALSE(settings.has_value());
  const std::string kList = "; the keys here are ";
  for (const Diagnostic& diagnostic : settings.error()) {
    const auto list = diagnostic.message.find(kList);
    if (diagnostic.message.starts_with("unknown key") && list != std::string::npos) {
      std::set<std::string> keys;
      std::string rest = diagnostic.message.substr(list + kList.size());
      for (auto begin = rest.find('`'); begin != std::string::npos; begin = rest.find('`')) {
        const auto end = rest.find('`', begin + 1);
        keys.insert(rest.substr(begin + 1, end - begin - 1));
        rest.erase(0, end + 1);
      }
      return keys;
    }
  }
  throw std::runtime_error("the loader took an unknown key in " + yaml);
}

TEST_CASE("the schema has the keys that the loader knows, and no others") {
  const json::value schema = schema_text();
  std::vector<SchemaMap> maps;
  collect_maps(schema, schema, {}, maps);
  CHECK(maps.size() > 15);
  for (const SchemaMap& map : maps) {
    CAPTURE(map.path);
    CHECK(map.keys == keys_of_loader(map.path));
  }
}

TEST_CASE("the schema and the loader accept every good file") {
  const SchemaChecker schema;
  const std::vector<std::string> files = good_files();
  CHECK(files.size() >= 15);
  for (const std::string& yaml : files) {
    CAPTURE(yaml);
    CHECK(parse(yaml).has_value());
    CHECK(schema.complaint(yaml).empty());
  }
}

TEST_CASE("the schema refuses the files that the loader refuses, except for rules that a schema cannot express") {
  const SchemaChecker schema;
  const BadFiles files = all_bad_files();
  std::size_t refused = 0;
  for (const BadFile& file : files) {
    CAPTURE(file.yaml, file.beyond_schema);
    CHECK_FALSE(parse(file.yaml).has_value());
    const bool refuses = !schema.complaint(file.yaml).empty();
    CHECK(refuses == file.beyond_schema.empty());
    refused += refuses ? 1U : 0U;
  }
  CHECK(refused >= 60);
}

TEST_CASE("every key and every map of the schema has a description") {
  const json::value schema = schema_text();
  std::vector<std::pair<std::string, const json::value*>> open{{"", &schema}};
  std::size_t keys = 0;
  while (!open.empty()) {
    const auto [name, part] = open.back();
    open.pop_back();
    CAPTURE(name);
    CHECK((part->as_object().contains("description") || resolved(schema, *part).contains("description")));
    const json::object& object = resolved(schema, *part);
    const auto* const items = object.if_contains("items");
    if (const auto* const properties = object.if_contains("properties")) {
      for (const auto& [key, value] : properties->as_object()) {
        ++keys;
        open.emplace_back(name + "." + std::string(key), &value);
      }
    } else if (items != nullptr && items->is_object() && items->as_object().contains("$ref")) {
      open.emplace_back(name + "[]", items);
    }
  }
  CHECK(keys > 60);
}

TEST_CASE("the installed example matches the schema") {
  CHECK(SchemaChecker().complaint(testing::read_file(RENEWD_EXAMPLE_CONFIGURATION)).empty());
}

}  // namespace
}  // namespace renewd::configuration
