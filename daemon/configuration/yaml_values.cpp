#include "configuration/yaml_values.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "configuration/durations.hpp"
#include "configuration/numbers.hpp"
#include "core/text.hpp"

namespace renewd::configuration {
namespace {

std::string_view kind_of(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return "a single value";
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
  }
  return "something else";
}

bool looks_like_bool(std::string_view text) {
  return text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" || text == "FALSE";
}

// The numbers of YAML's core schema (YAML 1.2.2, 10.3.2).
bool looks_like_number(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0o")) {
    const std::string_view digits = text.substr(2);
    const bool hex = text[1] == 'x';
    return !digits.empty() &&
           digits.find_first_not_of(hex ? "0123456789abcdefABCDEF" : "01234567") == std::string_view::npos;
  }
  if (text.starts_with('+') || text.starts_with('-')) {
    text.remove_prefix(1);
  }
  if (text == ".inf" || text == ".Inf" || text == ".INF" || text == ".nan" || text == ".NaN" || text == ".NAN") {
    return true;
  }
  if (text.empty() || (text[0] != '.' && (text[0] < '0' || text[0] > '9'))) {
    return false;  // from_chars would take "inf" and a second sign
  }
  double number = 0;
  return std::from_chars(text.data(), text.data() + text.size(), number).ptr == text.data() + text.size();
}

std::optional<std::filesystem::path> absolute_path(const YamlMap& map, std::string_view key) {
  const YamlNode* node = map.find(key);
  const auto text = node == nullptr ? std::nullopt : text_of(*node, map.name_of(key), map.sink());
  if (text && !text->starts_with('/')) {
    map.sink().error(node->place,
                     fmt::format("`{}` must be an absolute path, one that begins with /", map.name_of(key)));
    return std::nullopt;
  }
  return text;
}

}  // namespace

std::optional<std::string_view> scalar_of(const YamlNode& node) {
  return node.kind == YamlNode::Kind::scalar ? std::optional<std::string_view>(node.text) : std::nullopt;
}

std::optional<std::string> text_of(const YamlNode& node, std::string_view name, DiagnosticSink& sink) {
  std::string wrong;
  if (node.kind != YamlNode::Kind::scalar) {
    wrong = fmt::format("must be text, not {}", kind_of(node));
  } else if (!node.quoted && (looks_like_number(node.text) || looks_like_bool(node.text))) {
    wrong = fmt::format("must be text, but YAML reads {} here; put it in quotes",
                        looks_like_bool(node.text) ? "true or false" : "a number");
  } else if (node.text.empty()) {
    wrong = "must not be empty";
  } else if (node.text.find('\0') != std::string::npos) {
    wrong = "must not hold a zero byte";
  } else {
    return node.text;
  }
  sink.error(node.place, fmt::format("`{}` {}", name, wrong));
  return std::nullopt;
}

void read_text(const YamlMap& map, std::string_view key, std::string& into) {
  if (const YamlNode* node = map.find(key)) {
    into = text_of(*node, map.name_of(key), map.sink()).value_or(into);
  }
}

void read_absolute_path(const YamlMap& map, std::string_view key, std::filesystem::path& into) {
  into = absolute_path(map, key).value_or(into);
}

void read_absolute_path(const YamlMap& map, std::string_view key, std::optional<std::filesystem::path>& into) {
  if (auto path = absolute_path(map, key)) {
    into = std::move(*path);
  }
}

void read_duration(const YamlMap& map, std::string_view key, seconds at_least, seconds& into) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    return;
  }
  const auto duration = parse_duration(scalar_of(*node).value_or(""));
  if (!duration) {
    map.sink().error(node->place, fmt::format("`{}` must be {}{}", map.name_of(key), kDurationForm,
                                              leading_zero_hint(scalar_of(*node).value_or(""))));
  } else if (*duration > kLongestDuration) {
    map.sink().error(node->place, fmt::format("`{}` must not be longer than a year (365d)", map.name_of(key)));
  } else if (*duration < at_least) {
    map.sink().error(node->place, fmt::format("`{}` must be at least {}", map.name_of(key), write_duration(at_least)));
  } else {
    into = *duration;
  }
}

void read_renew_before(const YamlMap& map, std::string_view key, RenewBefore& into) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    return;
  }
  const std::string_view text = scalar_of(*node).value_or("");
  if (const auto percentage = parse_percentage(text)) {
    if (*percentage > 0 && *percentage < 100) {
      into = LifetimeShare{*percentage / 100};
    } else {
      map.sink().error(node->place, fmt::format("`{}` as a share of the certificate's life must lie between 0% and "
                                                "100%, both excluded, such as 25%",
                                                map.name_of(key)));
    }
    return;
  }
  if (!parse_duration(text)) {
    map.sink().error(node->place, fmt::format("`{}` must be {}, or a share of the certificate's life such as 25%{}",
                                              map.name_of(key), kDurationForm, leading_zero_hint(text)));
    return;
  }
  seconds duration{0};
  read_duration(map, key, seconds{1}, duration);
  if (duration > seconds{0}) {
    into = duration;
  }
}

void read_count(const YamlMap& map, std::string_view key, unsigned at_least, unsigned at_most, unsigned& into) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    return;
  }
  const std::string_view text = node->quoted ? "" : scalar_of(*node).value_or("");
  const auto count = parse_number(text);
  if (!count || *count < at_least || *count > at_most) {
    map.sink().error(node->place, fmt::format("`{}` must be a whole number from {} to {}{}", map.name_of(key), at_least,
                                              at_most, leading_zero_hint(text)));
    return;
  }
  into = static_cast<unsigned>(*count);
}

void read_flag(const YamlMap& map, std::string_view key, bool& into) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    return;
  }
  const std::string_view text = scalar_of(*node).value_or("");
  if (!looks_like_bool(text) || node->quoted) {
    map.sink().error(node->place, fmt::format("`{}` must be true or false{}", map.name_of(key),
                                              looks_like_bool(text) ? ", without quotes" : ""));
    return;
  }
  into = text.front() == 't' || text.front() == 'T';
}

void read_texts(const YamlMap& map, std::string_view key, std::vector<std::string>& into) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    return;
  }
  if (node->kind != YamlNode::Kind::list || node->items.empty()) {
    map.sink().error(node->place, fmt::format("`{}` must be a list of at least one text, such as [first, second]",
                                              map.name_of(key)));
    return;
  }
  std::vector<std::string> texts;
  for (const YamlNode* item : node->items) {
    const bool empty_text = item->kind == YamlNode::Kind::scalar && item->text.empty();
    const auto text = empty_text ? item->text : text_of(*item, map.name_of(key), map.sink());
    if (text) {
      texts.push_back(*text);
    }
  }
  if (texts.size() == node->items.size()) {
    into = std::move(texts);
  }
}

std::optional<std::size_t> choose(const YamlMap& map, std::string_view key,
                                  const std::vector<std::string_view>& words) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    return std::nullopt;
  }
  const std::string_view text = scalar_of(*node).value_or("");
  const auto found = std::find(words.begin(), words.end(), text);
  if (found != words.end()) {
    return static_cast<std::size_t>(found - words.begin());
  }
  const std::string meant = suggestion(text, words);
  map.sink().error(node->place, fmt::format("`{}` must be {}{}", map.name_of(key), enumerate(words, "or"),
                                            meant.empty() ? "" : "; " + meant));
  return std::nullopt;
}

}  // namespace renewd::configuration
