#include "configuration/values.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "configuration/numbers.hpp"
#include "core/pattern.hpp"
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
  static const auto kNumber = Pattern::compile(
      "^([-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"
      "|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN))$");
  return kNumber->found_in(text);
}

template <typename Kind>
constexpr bool kReadByItsSection = std::same_as<Kind, Section>;

}  // namespace

std::optional<YamlMap> read_map(const YamlNode& node, std::string name, const Keys& keys, DiagnosticSink& sink) {
  auto map = YamlMap::open(node, std::move(name), keys, sink);
  if (!map) {
    return std::nullopt;
  }
  for (const Key& key : keys) {
    const YamlNode* const value = key.without == kRequired ? map->require(key.name) : map->find(key.name);
    if (value != nullptr) {
      std::visit(
          [&]<typename Kind>(const Kind& kind) {
            if constexpr (!kReadByItsSection<Kind>) {
              read(GivenValue{*map, key.name, *value}, kind);
            }
          },
          key.value);
    }
  }
  return map;
}

std::optional<YamlMap> read_section(const YamlMap& parent, std::string_view key, const Keys& keys) {
  const YamlNode* const node = parent.find(key);
  return node == nullptr ? std::nullopt : read_map(*node, parent.name_of(key), keys, parent.sink());
}

std::string_view GivenValue::scalar(const YamlNode& part) {
  return part.kind == YamlNode::Kind::scalar ? std::string_view(part.text) : std::string_view();
}

std::optional<std::string> GivenValue::text(const YamlNode& part) const {
  if (part.kind != YamlNode::Kind::scalar) {
    refuse(part, fmt::format("must be text, not {}", kind_of(part)));
  } else if (!part.quoted && (looks_like_number(part.text) || looks_like_bool(part.text))) {
    refuse(part, fmt::format("must be text, but YAML reads {} here; put it in quotes",
                             looks_like_bool(part.text) ? "true or false" : "a number"));
  } else if (part.text.empty()) {
    refuse(part, "must not be empty");
  } else if (part.text.find('\0') != std::string::npos) {
    refuse(part, "must not contain a zero byte");
  } else {
    return part.text;
  }
  return std::nullopt;
}

void GivenValue::refuse(const YamlNode& part, std::string_view why) const {
  map.sink().error(part.place, fmt::format("`{}` {}", map.name_of(key), why));
}

void read(const GivenValue& given, const Duration& value) {
  const auto duration = parse_duration(given.scalar());
  if (!duration) {
    given.refuse(fmt::format("must be {}{}", kDurationForm, leading_zero_hint(given.scalar())));
  } else if (*duration > kLongestDuration) {
    given.refuse("must not be longer than a year (365d)");
  } else if (*duration < value.at_least) {
    given.refuse(fmt::format("must be at least {}", write_duration(value.at_least)));
  } else {
    *value.into = *duration;
  }
}

void read(const GivenValue& given, RenewBefore* value) {
  const std::string_view text = given.scalar();
  if (const auto percentage = parse_percentage(text)) {
    if (*percentage > 0 && *percentage < 100) {
      *value = LifetimeShare{*percentage / 100};
    } else {
      given.refuse("must be more than 0% and less than 100% of the certificate's lifetime, such as 25%");
    }
    return;
  }
  if (!parse_duration(text)) {
    given.refuse(fmt::format("must be {}, or a share of the certificate's lifetime such as 25%{}", kDurationForm,
                             leading_zero_hint(text)));
    return;
  }
  seconds duration{0};
  read(given, Duration{&duration});
  if (duration > seconds{0}) {
    *value = duration;
  }
}

void read(const GivenValue& given, const Count& value) {
  const std::string_view text = given.node.quoted ? "" : given.scalar();
  const auto count = parse_number(text);
  if (!count || *count < value.at_least || *count > value.at_most) {
    given.refuse(
        fmt::format("must be a whole number from {} to {}{}", value.at_least, value.at_most, leading_zero_hint(text)));
    return;
  }
  *value.into = static_cast<unsigned>(*count);
}

void read(const GivenValue& given, bool* value) {
  const std::string_view text = given.scalar();
  if (!looks_like_bool(text) || given.node.quoted) {
    given.refuse(fmt::format("must be true or false{}", looks_like_bool(text) ? ", without quotes" : ""));
    return;
  }
  *value = text.front() == 't' || text.front() == 'T';
}

void read(const GivenValue& given, const Choice& value) {
  const auto found = std::find(value.words.begin(), value.words.end(), given.scalar());
  if (found != value.words.end()) {
    value.choose(static_cast<std::size_t>(found - value.words.begin()));
    return;
  }
  const std::string meant = suggestion(given.scalar(), value.words);
  given.refuse(fmt::format("must be {}{}", enumerate(value.words, "or"), meant.empty() ? "" : "; " + meant));
}

void read(const GivenValue& given, const AbsolutePath& value) {
  const auto text = given.text();
  if (text && text->starts_with('/')) {
    value.set(*text);
  } else if (text) {
    given.refuse("must be an absolute path: it must start with /");
  }
}

void read(const GivenValue& given, const EmptyMap&) {
  if (given.node.kind != YamlNode::Kind::map || !given.node.entries.empty()) {
    given.refuse("must be an empty map: none: {}");
  }
}

}  // namespace renewd::configuration
