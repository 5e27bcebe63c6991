// docs/events.md against the code: its tables name every event, with its level, its MESSAGE_ID and its fields, and no
// other.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "core/event_log.hpp"
#include "support/catch.hpp"

namespace json = boost::json;
using namespace renewd;

namespace {

struct Row {
  std::string level;
  std::string fields;
  std::string when;
};

// The last one; the compiler's warning about a switch keeps the names complete, and this one in its place.
constexpr EventName kLast = EventName::fleet_conflict;

std::vector<EventName> all_events() {
  std::vector<EventName> names;
  for (int i = 0; i <= static_cast<int>(kLast); ++i) {
    names.push_back(static_cast<EventName>(i));
  }
  return names;
}

std::vector<std::string> lines_of_the_document() {
  std::ifstream file(EVENTS_DOCUMENT);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  return lines;
}

// | `name` | level | fields | when |
std::map<std::string, Row> event_table() {
  static const std::regex kRow(R"(^\| `([a-z_]+)` \| (info|warning|error) \| (.*) \| (.*) \|$)");
  std::map<std::string, Row> rows;
  for (const auto& line : lines_of_the_document()) {
    if (std::smatch match; std::regex_match(line, match, kRow)) {
      INFO(line);
      CHECK(rows.emplace(match[1], Row{match[2], match[3], match[4]}).second);
    }
  }
  return rows;
}

// | `name` | `32 hexadecimal digits` |
std::map<std::string, std::string> message_id_table() {
  static const std::regex kRow(R"(^\| `([a-z_]+)` \| `([0-9a-f]{32})` \|$)");
  std::map<std::string, std::string> rows;
  for (const auto& line : lines_of_the_document()) {
    if (std::smatch match; std::regex_match(line, match, kRow)) {
      INFO(line);
      CHECK(rows.emplace(match[1], match[2]).second);
    }
  }
  return rows;
}

std::vector<json::object> examples() {
  std::vector<json::object> found;
  for (const auto& line : lines_of_the_document()) {
    if (line.starts_with('{')) {
      found.push_back(json::parse(line).as_object());
    }
  }
  return found;
}

struct Entry {
  std::string name;  // in the comment before it
  std::string subject;
  std::string text;
};

// By MESSAGE_ID.
std::map<std::string, Entry> catalogue() {
  std::ifstream file(CATALOG);
  std::map<std::string, Entry> entries;
  Entry* entry = nullptr;
  std::string name;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("# ")) {
      name = line.substr(2);
    } else if (line.starts_with("-- ")) {
      entry = &entries[line.substr(3)];
      INFO(line);
      CHECK(entry->name.empty());
      entry->name = name;
    } else if (entry != nullptr && line.starts_with("Subject: ")) {
      entry->subject = line.substr(9);
    } else if (entry != nullptr && line.find(": ") != std::string::npos && entry->text.empty()) {
      continue;  // another header
    } else if (entry != nullptr) {
      entry->text += line + "\n";
    }
  }
  return entries;
}

bool is_emitted(const Row& row) {
  return row.when.find("not emitted") == std::string::npos;
}

}  // namespace

TEST_CASE("docs/events.md has every event, with the level that it has in the code, and no other") {
  auto rows = event_table();
  for (const EventName name : all_events()) {
    INFO(to_string(name));
    const auto row = rows.find(std::string(to_string(name)));
    REQUIRE(row != rows.end());
    CHECK(row->second.level == to_string(default_level(name)));
    rows.erase(row);
  }
  for (const auto& [name, row] : rows) {
    FAIL_CHECK("no such event: " << name);
  }
}

TEST_CASE("docs/events.md has every MESSAGE_ID, and no two events have the same") {
  auto rows = message_id_table();
  std::set<std::string_view> seen;
  for (const EventName name : all_events()) {
    INFO(to_string(name));
    CHECK(rows[std::string(to_string(name))] == message_id(name));
    CHECK(seen.insert(message_id(name)).second);
  }
  CHECK(rows.size() == seen.size());
}

TEST_CASE("docs/events.md shows each event that there is once, with its level and no field that its row lacks") {
  const auto rows = event_table();
  const std::set<std::string> common{"time", "level", "event", "certificate", "message"};
  std::set<std::string> shown;
  for (const auto& example : examples()) {
    const std::string name(example.at("event").as_string());
    INFO(name);
    REQUIRE(rows.contains(name));
    CHECK(shown.insert(name).second);
    CHECK(is_emitted(rows.at(name)));
    CHECK(example.at("level").as_string() == rows.at(name).level);
    CHECK(example.contains("message"));
    for (const auto& [field, value] : example) {
      INFO(field);
      CHECK((common.contains(field) || rows.at(name).fields.find("`" + std::string(field) + "`") != std::string::npos));
    }
  }
  for (const auto& [name, row] : rows) {
    INFO(name);
    CHECK(shown.contains(name) == is_emitted(row));
  }
}

TEST_CASE("the message catalogue explains every event, and says what to do") {
  const auto rows = event_table();
  auto entries = catalogue();
  for (const EventName name : all_events()) {
    INFO(to_string(name));
    const auto entry = entries.find(std::string(message_id(name)));
    REQUIRE(entry != entries.end());
    CHECK(entry->second.name == to_string(name));
    CHECK_FALSE(entry->second.subject.empty());
    const Row& row = rows.at(std::string(to_string(name)));
    const bool instructs = entry->second.text.find("What to do: ") != std::string::npos;
    CHECK((instructs || row.level == "info" || !is_emitted(row)));
    CHECK((instructs || entry->second.text.find("Nothing to do") != std::string::npos || !is_emitted(row)));
    entries.erase(entry);
  }
  CHECK(entries.empty());
}

TEST_CASE("the message catalogue uses only fields that its event has") {
  static const std::regex kField("@GRAVITEE_([A-Z_]+)@");
  const auto rows = event_table();
  for (const auto& [id, entry] : catalogue()) {
    const std::string text = entry.subject + entry.text;
    for (std::sregex_iterator found(text.begin(), text.end(), kField), end; found != end; ++found) {
      std::string field = (*found)[1];
      std::ranges::transform(field, field.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      INFO(entry.name << ": " << field);
      CHECK((field == "certificate" || rows.at(entry.name).fields.find("`" + field + "`") != std::string::npos));
    }
  }
}
