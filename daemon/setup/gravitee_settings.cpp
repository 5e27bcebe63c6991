#include "setup/gravitee_settings.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/pattern.hpp"
#include "core/text.hpp"

namespace renewd::setup {

using configuration::YamlEntry;
using configuration::YamlNode;

// Bounds for hostile files: ${a}${a} with a: ${b}${b} and so on would grow without end.
struct GraviteeSettings::Budget {
  static constexpr std::size_t kLongest = std::size_t{64} * 1024;
  int replacements = 256;
  int depth = 0;
};

namespace {

constexpr int kDeepestPlaceholder = 16;

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

// The variables that set a key, the most usual form first (gravitee-node: the prefix is cut off, and the rest is
// compared with dots or underscores, as it is or in capitals).
std::vector<std::string> variables_of(std::string_view name) {
  const std::string dotted(name);
  std::string underscored = dotted;
  std::replace(underscored.begin(), underscored.end(), '.', '_');
  std::vector<std::string> variables;
  for (const std::string_view prefix : {"gravitee_", "GRAVITEE_", "gravitee.", "GRAVITEE.", ""}) {
    for (const std::string& body : {underscored, upper(underscored), dotted, upper(dotted)}) {
      variables.push_back(std::string(prefix) + body);
    }
  }
  return variables;
}

// The node of a full name: a part of it may be a nested key or a piece of a dotted one. The last one counts, as in
// Java's maps, and what a merge key ("<<") brings in counts last.
const YamlNode* lookup(const YamlNode& map, std::string_view name) {
  if (map.kind != YamlNode::Kind::map) {
    return nullptr;
  }
  for (auto entry = map.entries.rbegin(); entry != map.entries.rend(); ++entry) {
    if (entry->key == name) {
      return entry->value;
    }
    if (name.starts_with(entry->key) && name.substr(entry->key.size()).starts_with('.')) {
      if (const YamlNode* found = lookup(*entry->value, name.substr(entry->key.size() + 1))) {
        return found;
      }
    }
  }
  for (const YamlEntry& entry : map.entries) {
    if (entry.key != "<<") {
      continue;
    }
    const std::vector<const YamlNode*> one{entry.value};
    for (const YamlNode* merged : entry.value->kind == YamlNode::Kind::list ? entry.value->items : one) {
      if (const YamlNode* found = lookup(*merged, name)) {
        return found;
      }
    }
  }
  return nullptr;
}

// Whether YAML 1.1, which Gravitee's parser speaks, takes an unquoted value for something whose text differs: 0123 is
// 83, yes is true, 1e3 is 1000.0, 1_000 is 1000, 2026-11-24 a date. The expressions are SnakeYAML's.
bool is_misread(const YamlNode& node) {
  static const auto kSame = Pattern::compile("^(-?(0|[1-9][0-9]*)|true|false)$");
  static const auto kMisread = Pattern::compile(
      "^([-+]?(0b[01_]+|0[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(:[0-5]?[0-9])+)"
      "|[-+]?[0-9][0-9_]*(\\.[0-9_]*)?([eE][-+]?[0-9]+)?|\\.[0-9][0-9_]*([eE][-+]?[0-9]+)?"
      "|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)"
      "|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?([Tt ].*)?"
      "|(?i:yes|no|true|false|on|off))$");
  return !node.quoted && !kSame->found_in(node.text) && kMisread->found_in(node.text);
}

// The index of the "}" that ends the placeholder whose inside begins at `begin`, or npos.
std::size_t end_of_placeholder(std::string_view text, std::size_t begin) {
  int open = 0;
  for (std::size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '{') {
      ++open;
    } else if (text[i] == '}' && open-- == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::string unresolvable(std::string_view inner) {
  // What stands after a colon may be a default, and a default may be a password.
  return fmt::format("it holds the placeholder ${{{}}}, which nothing here resolves",
                     printable(inner.substr(0, inner.find(':')), 80));
}

}  // namespace

tl::expected<GraviteeSettings, configuration::Diagnostic> GraviteeSettings::read(std::string_view yaml) {
  auto document = configuration::read_yaml(yaml);
  if (!document) {
    return tl::unexpected(document.error());
  }
  if (document->root != nullptr && document->root->kind != YamlNode::Kind::map) {
    return tl::unexpected(configuration::Diagnostic{1, 1, "this is no map of settings, as a gravitee.yml is"});
  }
  GraviteeSettings settings;
  settings.document_ = std::move(*document);
  return settings;
}

std::optional<GraviteeSettings::Raw> GraviteeSettings::find_raw(std::string_view name) const {
  for (const std::string& variable : variables_of(name)) {
    if (const auto found = environment_.find(variable); found != environment_.end()) {
      return Raw{found->second, "the variable " + variable};
    }
  }
  const YamlNode* node = document_.root == nullptr ? nullptr : lookup(*document_.root, name);
  if (node == nullptr || node->kind != YamlNode::Kind::scalar) {
    return std::nullopt;
  }
  return Raw{node->text, fmt::format("line {}", node->place.line), is_misread(*node)};
}

std::optional<Setting> GraviteeSettings::find(std::string_view name) const {
  auto raw = find_raw(name);
  if (!raw || raw->value.empty()) {
    return std::nullopt;
  }
  Setting setting{std::move(raw->value), std::move(raw->origin), {}};
  if (raw->misread) {
    setting.problem = "it is not in quotes, and YAML makes something else of it than what is written";
    return setting;
  }
  Budget budget;
  auto resolved = resolve(setting.value, budget);
  if (!resolved) {
    setting.problem = std::move(resolved.error());
    return setting;
  }
  setting.value = std::move(*resolved);
  for (const std::string_view scheme : {"secret://", "kubernetes://"}) {
    if (setting.value.starts_with(scheme)) {
      setting.problem = fmt::format("it is kept by a secret provider ({}…), which only Gravitee can ask", scheme);
    }
  }
  return setting;
}

std::string GraviteeSettings::first_key_under(std::string_view name) const {
  const YamlNode* node = document_.root == nullptr ? nullptr : lookup(*document_.root, name);
  return node == nullptr || node->kind != YamlNode::Kind::map || node->entries.empty() ? std::string()
                                                                                       : node->entries.front().key;
}

tl::expected<std::string, std::string> GraviteeSettings::resolve(std::string_view text, Budget& budget) const {
  std::string out;
  while (true) {
    const auto begin = text.find("${");
    const auto end = begin == std::string_view::npos ? begin : end_of_placeholder(text, begin + 2);
    if (end == std::string_view::npos) {
      out += text;
      break;
    }
    out += text.substr(0, begin);
    auto value = resolve_placeholder(text.substr(begin + 2, end - begin - 2), budget);
    if (!value) {
      return value;
    }
    out += *value;
    text.remove_prefix(end + 1);
    if (out.size() > Budget::kLongest) {
      return tl::unexpected(std::string("its placeholders make it longer than 64 KiB"));
    }
  }
  return out;
}

tl::expected<std::string, std::string> GraviteeSettings::resolve_placeholder(std::string_view inner,
                                                                             Budget& budget) const {
  if (--budget.replacements < 0 || budget.depth >= kDeepestPlaceholder) {
    return tl::unexpected(std::string("its placeholders refer to each other without end"));
  }
  ++budget.depth;
  auto name = resolve(inner, budget);
  if (!name) {
    return name;
  }
  const auto colon = name->find(':');
  const std::string key = name->substr(0, colon);
  tl::expected<std::string, std::string> value = tl::unexpected(unresolvable(inner));
  // ${env:NAME} and ${sys:NAME} are other programs' placeholders. To Spring, NAME would be a default, which nobody
  // means.
  const bool foreign = key == "env" || key == "sys" || key == "file";
  if (key == "gravitee.home" && home_) {
    value = home_->string();
  } else if (const auto raw = find_raw(key); raw && !raw->misread) {
    value = resolve(raw->value, budget);
  } else if (!raw && colon != std::string::npos && !foreign) {
    value = name->substr(colon + 1);
  }
  --budget.depth;
  return value;
}

}  // namespace renewd::setup
