#include "setup/gravitee_settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <locale>
#include <set>
#include <utility>
#include <vector>

#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/erase.hpp>
#include <boost/algorithm/string/replace.hpp>
#include <fmt/format.h>

#include "core/pattern.hpp"
#include "core/text.hpp"
#include "core/try.hpp"

namespace renewd::setup {

using configuration::YamlEntry;
using configuration::YamlNode;

// Limits for hostile files: ${a}${a} with a: ${b}${b} and so on would grow exponentially.
struct GraviteeSettings::Budget {
  static constexpr std::size_t kLongest = std::size_t{64} * 1024;
  int replacements = 256;
  int depth = 0;
};

namespace {

constexpr int kDeepestPlaceholder = 16;
// A document with one of these applies only to certain profiles or platforms.
constexpr std::array<std::string_view, 3> kConditions{"spring.config.activate.on-profile",
                                                      "spring.config.activate.on-cloud-platform", "spring.profiles"};

// The names of environment variables for a setting, the most common one first (gravitee-common, RelaxedPropertySource):
// dots may be underscores, hyphens may be missing, "[0]" may be ".0", and everything may be in upper case.
std::vector<std::string> spellings_of(const std::string& name) {
  using boost::algorithm::erase_all_copy;
  using boost::algorithm::replace_all_copy;
  std::vector<std::string> dotted{name};
  if (name.find('[') != std::string::npos) {
    dotted.push_back(erase_all_copy(replace_all_copy(name, "[", "."), "]"));
  }
  std::vector<std::string> spellings;
  for (const std::string& one : dotted) {
    for (const std::string& body : {replace_all_copy(one, ".", "_"), one}) {
      for (const std::string& spelling : {body, erase_all_copy(body, "-")}) {
        spellings.push_back(spelling);
        spellings.push_back(boost::algorithm::to_upper_copy(spelling, std::locale::classic()));
      }
    }
  }
  return spellings;
}

const YamlNode* lookup(const YamlNode& map, std::string_view name);

// The node at "[1]", "[1].key" or "[1][2]" of a list.
const YamlNode* lookup_item(const YamlNode& list, std::string_view name) {
  std::size_t index = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + 1, end, index);
  if (list.kind != YamlNode::Kind::list || error != std::errc() || stop == end || *stop != ']' ||
      index >= list.items.size()) {
    return nullptr;
  }
  const std::string_view rest(stop + 1, static_cast<std::size_t>(end - stop - 1));
  const YamlNode& item = *list.items[index];
  if (rest.empty()) {
    return &item;
  }
  return rest.starts_with('.') ? lookup(item, rest.substr(1)) : lookup_item(item, rest);
}

// The node of a full name, whose parts may be nested keys or pieces of a dotted one. As in Java's maps, the last
// duplicate wins; the content of a merge key ("<<") has the lowest priority.
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
    if (name.starts_with(entry->key) && name.substr(entry->key.size()).starts_with('[')) {
      if (const YamlNode* found = lookup_item(*entry->value, name.substr(entry->key.size()))) {
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

// Whether YAML 1.1, which Gravitee uses, converts an unquoted value to a different text: 0123 is 83, yes is true, 1e3
// is 1000.0, 1_000 is 1000, 2026-11-24 is a date. The expressions are SnakeYAML's.
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

// The index of the "}" that closes the placeholder whose name begins at `begin`, or npos.
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

// The label before each domain of Gravitee Cloud in the text.
void add_regions(std::string_view text, std::set<std::string>& regions) {
  for (const std::string_view domain : {".cloud.gravitee.io", ".cloudgate.gravitee.io"}) {
    for (auto at = text.find(domain); at != std::string_view::npos; at = text.find(domain, at + 1)) {
      auto begin = at;
      while (begin > 0 && is_alphanumeric_or(text[begin - 1], "-")) {
        --begin;
      }
      if (begin != at) {
        regions.insert(lower_case(text.substr(begin, at - begin)));
      }
    }
  }
}

void add_regions(const YamlNode& node, std::set<std::string>& regions) {
  add_regions(node.text, regions);
  for (const auto& entry : node.entries) {
    add_regions(*entry.value, regions);
  }
  for (const auto* item : node.items) {
    add_regions(*item, regions);
  }
}

std::string unresolvable(std::string_view inner) {
  // The text after a colon is a default, and may be a password.
  return fmt::format("the placeholder ${{{}}} cannot be resolved", printable(inner.substr(0, inner.find(':')), 80));
}

}  // namespace

tl::expected<GraviteeSettings, configuration::Diagnostic> GraviteeSettings::read(std::string_view yaml) {
  TRY_LET(auto documents, configuration::read_yaml_documents(yaml));
  GraviteeSettings settings;
  for (configuration::YamlDocument& document : documents) {
    if (document.root == nullptr) {
      continue;
    }
    if (document.root->kind != YamlNode::Kind::map) {
      return tl::unexpected(
          configuration::Diagnostic{document.root->place, "a gravitee.yml must be a map of settings"});
    }
    const bool conditional = std::any_of(kConditions.begin(), kConditions.end(), [&](std::string_view condition) {
      return lookup(*document.root, condition) != nullptr;
    });
    if (conditional) {
      settings.conditional_lines_.push_back(document.begin.line);
    } else {
      settings.documents_.push_back(std::move(document));
    }
  }
  return settings;
}

const YamlNode* GraviteeSettings::find_node(std::string_view name) const {
  for (auto document = documents_.rbegin(); document != documents_.rend(); ++document) {
    if (const YamlNode* node = lookup(*document->root, name)) {
      return node;
    }
  }
  return nullptr;
}

std::vector<GraviteeSettings::Source> GraviteeSettings::find_all(std::string_view name) const {
  std::vector<Source> found;
  const std::string key(name);
  const auto spellings = spellings_of(key);
  const auto add_variables = [&](const std::string& prefix) {
    for (const std::string& spelling : spellings) {
      if (const auto variable = environment_.find(prefix + spelling); variable != environment_.end()) {
        found.push_back({variable->second, "the variable " + variable->first});
      }
    }
  };
  for (const auto* prefix : {"gravitee_", "GRAVITEE_", "gravitee.", "GRAVITEE."}) {
    add_variables(prefix);
  }
  if (const auto property = properties_.find(key); property != properties_.end()) {
    found.push_back({property->second, "the system property " + key});
  }
  // Spring also reads unprefixed variables, with lower priority than properties.
  add_variables("");
  if (const YamlNode* node = find_node(name); node != nullptr && node->kind == YamlNode::Kind::scalar) {
    found.push_back({node->text, fmt::format("line {}", node->place.line), is_misread(*node)});
  }
  return found;
}

std::optional<Setting> GraviteeSettings::find(std::string_view name) const {
  auto sources = find_all(name);
  if (sources.empty() || sources.front().value.empty()) {
    return std::nullopt;
  }
  const auto other = std::find_if(sources.begin(), sources.end(),
                                  [&](const Source& source) { return source.value != sources.front().value; });
  std::string overridden = other == sources.end() ? std::string() : other->origin;
  Source& first = sources.front();
  Setting setting{std::move(first.value), std::move(first.origin), std::move(overridden), {}};
  if (first.misread) {
    setting.problem = "the value is not in quotes, so that YAML changes it";
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
      setting.problem = fmt::format("the value is in a secret provider ({}…), which only Gravitee can read", scheme);
    }
  }
  return setting;
}

std::string GraviteeSettings::cloud_region() const {
  std::set<std::string> regions;
  for (const auto& document : documents_) {
    add_regions(*document.root, regions);
  }
  for (const auto* values : {&properties_, &environment_}) {
    for (const auto& [name, value] : *values) {
      add_regions(value, regions);
    }
  }
  return regions.size() == 1 ? *regions.begin() : "";
}

std::string GraviteeSettings::first_key_under(std::string_view name) const {
  const YamlNode* node = find_node(name);
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
      return tl::unexpected(std::string("its placeholders expand to more than 64 KiB"));
    }
  }
  return out;
}

tl::expected<std::string, std::string> GraviteeSettings::resolve_placeholder(std::string_view inner,
                                                                             Budget& budget) const {
  if (--budget.replacements < 0 || budget.depth >= kDeepestPlaceholder) {
    return tl::unexpected(std::string("its placeholders refer to each other in a loop"));
  }
  ++budget.depth;
  auto name = resolve(inner, budget);
  if (!name) {
    return name;
  }
  const auto colon = name->find(':');
  const std::string key = name->substr(0, colon);
  tl::expected<std::string, std::string> value = tl::unexpected(unresolvable(inner));
  // ${env:NAME} and ${sys:NAME} are placeholders of other programs. Spring would read NAME as a default, but nobody
  // means that.
  const bool foreign = key == "env" || key == "sys" || key == "file";
  if (key == "gravitee.home" && home_) {
    value = home_->string();
  } else if (const auto sources = find_all(key); !sources.empty() && !sources.front().misread) {
    value = resolve(sources.front().value, budget);
  } else if (sources.empty() && colon != std::string::npos && !foreign) {
    value = name->substr(colon + 1);
  }
  --budget.depth;
  return value;
}

}  // namespace renewd::setup
