#include "configuration/yaml_document.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "core/try.hpp"

namespace renewd::configuration {
namespace {

// Thrown through yaml-cpp: an event handler cannot stop the parser in any other way.
struct Refused : std::exception {
  explicit Refused(Place place, std::string why) : diagnostic{place, std::move(why)} {}
  const char* what() const noexcept override { return diagnostic.message.c_str(); }
  Diagnostic diagnostic;
};

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  // `most`: the limit of the weight.
  explicit TreeBuilder(std::size_t most) : most_(most) {}

  YamlDocument take() { return std::move(document_); }

  void OnDocumentStart(const YAML::Mark& mark) override { document_.begin = place_of(mark); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode& node = add(mark, anchor, YamlNode::Kind::null, 0);
    if (expects_value()) {
      node.place = open_.back().node->entries.back().place;
    }
    attach(node);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool text = tag == "tag:yaml.org,2002:str";
    if (!text) {
      refuse_tag(mark, tag);
    }
    YamlNode& node = add(mark, anchor, YamlNode::Kind::scalar, value.size());
    node.text = value;
    node.quoted = text || tag == "!";
    attach(node);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end() || found->second.weight == 0) {
      throw Refused(place_of(mark), "this alias refers to a value that contains it");
    }
    weigh(mark, found->second.weight);
    attach(*found->second.node);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(mark, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(mark, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode* node;
    YAML::anchor_t anchor;
    std::size_t weight_before;
    bool expects_value;  // in a map: a key was read
  };
  struct Anchored {
    const YamlNode* node;
    std::size_t weight;  // 0 while the node is still open
  };

  bool expects_value() const { return !open_.empty() && open_.back().expects_value; }

  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refused(place_of(mark), "YAML tags (words that start with \"!\") are not supported; remove it");
    }
  }

  void weigh(const YAML::Mark& mark, std::size_t weight) {
    weight_ += weight;
    if (weight_ > most_) {
      throw Refused(place_of(mark), "aliases make this file too large; write out the values");
    }
  }

  YamlNode& add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind, std::size_t size) {
    weigh(mark, size + 1);
    YamlNode& node = document_.nodes.emplace_back();
    node.kind = kind;
    node.place = place_of(mark);
    if (anchor != 0) {
      const bool complete = kind == YamlNode::Kind::null || kind == YamlNode::Kind::scalar;
      anchored_[anchor] = {&node, complete ? size + 1 : 0};
    }
    return node;
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (open_.size() >= kYamlDepthLimit) {
      throw Refused(place_of(mark),
                    fmt::format("maps and lists are nested more than {} levels deep; look for a missing bracket above",
                                kYamlDepthLimit));
    }
    const std::size_t weight_before = weight_;
    YamlNode& node = add(mark, anchor, kind, 0);
    attach(node);
    open_.push_back({&node, anchor, weight_before, false});
  }

  void close() {
    const Open closed = open_.back();
    open_.pop_back();
    if (closed.anchor != 0) {
      anchored_[closed.anchor].weight = weight_ - closed.weight_before;
    }
  }

  void attach(const YamlNode& node) {
    if (open_.empty()) {
      document_.root = &node;
      return;
    }
    Open& parent = open_.back();
    if (parent.node->kind == YamlNode::Kind::list) {
      parent.node->items.push_back(&node);
    } else if (parent.expects_value) {
      parent.node->entries.back().value = &node;
      parent.expects_value = false;
    } else if (node.kind == YamlNode::Kind::scalar) {
      parent.node->entries.push_back({node.text, node.place, nullptr});
      parent.expects_value = true;
    } else {
      throw Refused(node.place, "a key must be a single word, as in \"name: production\"");
    }
  }

  YamlDocument document_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchored_;
  std::size_t weight_ = 0;
  std::size_t most_;
};

// YAML forbids these, and yaml-cpp would take some for the end of the file or for another encoding.
void refuse_control_characters(std::string_view yaml) {
  Place place{1, 1};
  for (const char c : yaml) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F) {
      throw Refused(place,
                    fmt::format("the character 0x{:02x} is not allowed; save the file as plain UTF-8 text", byte));
    }
    place = c == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
  }
}

// The text from a line on; the first line is 0.
std::string_view from_line(std::string_view yaml, int line) {
  for (int i = 0; i < line && !yaml.empty(); ++i) {
    yaml.remove_prefix(std::min(yaml.find('\n'), yaml.size() - 1) + 1);
  }
  return yaml;
}

// The nearest line above that is neither empty nor a comment; `line` itself when there is none.
int line_above(std::string_view yaml, int line) {
  for (int above = line - 1; above >= 0; --above) {
    const std::string_view text = from_line(yaml, above);
    const auto first = text.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && text[first] != '\n' && text[first] != '#') {
      return above;
    }
  }
  return line;
}

// Whether "---" or "..." separates the document from the previous one. yaml-cpp also starts a new document after a
// complete value.
bool is_separated(std::string_view yaml, const YamlDocument& document) {
  const int begin = document.begin.line - 1;
  const std::string_view above = from_line(yaml, line_above(yaml, begin));
  return from_line(yaml, begin).starts_with("---") || above.starts_with("...") || above.starts_with('%');
}

constexpr const char* kStrayLine = "this line is not a \"key: value\"; remove it, or make it a comment with #";

Refused stray(const YamlDocument& above, const YamlDocument& below) {
  if (above.root != nullptr && above.root->kind == YamlNode::Kind::scalar) {
    return Refused(above.root->place, kStrayLine);
  }
  return Refused(below.begin,
                 "this line does not belong to the value above, which is already complete; check the indentation");
}

bool is_indented_by_tab(std::string_view yaml, int line) {
  yaml = from_line(yaml, line);
  const std::size_t text = yaml.find_first_not_of(" \t");
  return yaml.substr(0, text).find('\t') != std::string_view::npos;
}

// yaml-cpp reads a stray line and the key below it as one text of several lines, and complains about the key's colon.
// This is the place of the stray line.
std::optional<Place> stray_line(const YAML::Exception& error, std::string_view yaml) {
  if (error.msg.find("illegal map value") == std::string::npos) {
    return std::nullopt;
  }
  const int line = line_above(yaml, error.mark.line);
  std::string_view text = from_line(yaml, line);
  text = text.substr(0, text.find('\n'));
  const auto first = text.find_first_not_of(" \t");
  const bool is_text = line != error.mark.line && text.find(':') == std::string_view::npos &&
                       std::string_view("-\"'[{&*|>").find(text[first]) == std::string_view::npos;
  return is_text ? std::optional(Place{line + 1, static_cast<int>(first) + 1}) : std::nullopt;
}

// yaml-cpp's message, with advice. After a colon, it may quote the file, and thus a secret.
std::string explain(const YAML::Exception& error, std::string_view yaml) {
  const std::string message = error.msg.substr(0, error.msg.find(':'));
  const auto about = [&](const char* words) { return message.find(words) != std::string::npos; };
  std::string hint;
  if (about("document indicator in scalar")) {
    return "this is not YAML: the file or document ends inside a quoted text; look for a missing quote above";
  }
  if (is_indented_by_tab(yaml, error.mark.line)) {
    hint = "; indent with spaces, not tabs";
  } else if (about("unknown escape")) {
    hint = "; in double quotes write \\\\ for a backslash, or use single quotes";
  } else if (about("alias") || about("anchor") || about("unknown token")) {
    hint = "; put a value that starts with * & @ % or ` in quotes";
  } else if (about("end of") || about("illegal")) {
    hint = "; check the indentation, and look for a missing quote or bracket here and above";
  }
  return "this is not YAML: " + message + hint;
}

}  // namespace

const YamlEntry* YamlNode::find(std::string_view key) const {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [key](const YamlEntry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

tl::expected<YamlDocuments, Diagnostic> read_yaml_documents(std::string_view yaml) {
  try {
    refuse_control_characters(yaml);
    // yaml-cpp accepts a quoted text that the end of the file closes, but not one that "..." closes.
    std::istringstream in(std::string(yaml) + (yaml.ends_with('\n') ? "...\n" : "\n...\n"));
    YAML::Parser parser(in);
    YamlDocuments documents;
    // What has no aliases has at most as many nodes and bytes together as this.
    const std::size_t most = std::max(kYamlWeightLimit, 2 * yaml.size());
    for (TreeBuilder builder(most); parser.HandleNextDocument(builder); builder = TreeBuilder(most)) {
      YamlDocument document = builder.take();
      if (documents.size() >= kYamlDocumentLimit) {
        throw Refused(document.begin, fmt::format("the file contains more than {} documents", kYamlDocumentLimit));
      }
      if (!documents.empty() && !is_separated(yaml, document)) {
        throw stray(documents.back(), document);
      }
      if (document.root != nullptr && document.root->kind == YamlNode::Kind::null) {
        document.root = nullptr;
      }
      documents.push_back(std::move(document));
    }
    return documents;
  } catch (const Refused& refused) {
    return tl::unexpected(refused.diagnostic);
  } catch (const YAML::Exception& error) {
    if (const auto stray = stray_line(error, yaml)) {
      return tl::unexpected(Diagnostic{*stray, kStrayLine});
    }
    return tl::unexpected(Diagnostic{place_of(error.mark), explain(error, yaml)});
  } catch (const std::exception&) {
    // yaml-cpp lets a few exceptions of the standard library through.
    return tl::unexpected(Diagnostic{{}, "this is not YAML; the parser did not say where"});
  }
}

tl::expected<YamlDocument, Diagnostic> read_yaml(std::string_view yaml) {
  TRY_LET(auto documents, read_yaml_documents(yaml));
  YamlDocument only;
  for (YamlDocument& document : documents) {
    if (only.root != nullptr && document.root != nullptr) {
      return tl::unexpected(Diagnostic{
          document.begin, "a second document starts here, but the file must contain only one; remove the \"---\""});
    }
    if (document.root != nullptr) {
      only = std::move(document);
    }
  }
  return only;
}

}  // namespace renewd::configuration
