// A YAML text as a plain tree in which every node and every key has its place, duplicate keys included. Only
// yaml_document.cpp uses yaml-cpp, and no exception leaves it.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "configuration/diagnostic.hpp"

namespace renewd::configuration {

struct YamlNode;

struct YamlEntry {
  std::string key;
  Place place;  // of the key
  const YamlNode* value;
};

struct YamlNode {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  Place place;                         // of a null: that of its key
  std::string text;                    // of a scalar
  bool quoted = false;                 // quoted or tagged !!str: text, even if it looks like a number
  std::vector<const YamlNode*> items;  // of a list
  std::vector<YamlEntry> entries;      // of a map, in file order

  // The first entry of a key, or null.
  const YamlEntry* find(std::string_view key) const;
};

// Owns the tree. An alias is a pointer to the anchored node, so two paths may lead to a node, but never a cycle.
struct YamlDocument {
  std::deque<YamlNode> nodes;
  const YamlNode* root = nullptr;
  Place begin;
};

// Limits for hostile input, where each alias counts as a copy: nodes and bytes of a tree (more in a longer text, which
// has as many without aliases), depth of maps and lists, documents. (Eight aliases of eight aliases of … make a short
// file with a huge tree.)
inline constexpr std::size_t kYamlWeightLimit = std::size_t{2} * 1024 * 1024;
inline constexpr std::size_t kYamlDepthLimit = 32;
inline constexpr std::size_t kYamlDocumentLimit = 64;

// Not a vector: it could copy a tree when it grows, with pointers into the original.
using YamlDocuments = std::deque<YamlDocument>;

// Every document of `yaml`; an empty one has no root. The limits apply to each.
tl::expected<YamlDocuments, Diagnostic> read_yaml_documents(std::string_view yaml);

// The only document of `yaml`, without a root when the text is empty. Refuses what is not YAML, several documents, tags
// other than !!str, and keys that are not scalars.
tl::expected<YamlDocument, Diagnostic> read_yaml(std::string_view yaml);

}  // namespace renewd::configuration
