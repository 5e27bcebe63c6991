// A YAML text as a plain tree in which every node and every key knows its place, duplicate keys included. The one
// door to yaml-cpp: nothing of it, and none of its exceptions, is seen outside yaml_document.cpp.
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
  Place place;                         // a null's is that of its key, since an empty value has none
  std::string text;                    // of a scalar
  bool quoted = false;                 // whether the scalar is text whatever it looks like
  std::vector<const YamlNode*> items;  // of a list
  std::vector<YamlEntry> entries;      // of a map, in the order of the file

  // The first entry of a key, or null.
  const YamlEntry* find(std::string_view key) const;
};

// Owns the tree. An alias is the anchored node itself, so that a node may be reached twice, but never through itself.
struct YamlDocument {
  std::deque<YamlNode> nodes;
  const YamlNode* root = nullptr;
  Place begin;
};

// Bounds for hostile input: a walk over the tree, every alias followed, meets at most this many nodes and bytes, and
// maps and lists nest at most so deep. (Eight aliases of eight aliases of … are a short file and an endless walk.)
inline constexpr std::size_t kYamlWeightLimit = std::size_t{2} * 1024 * 1024;
inline constexpr std::size_t kYamlDepthLimit = 32;
inline constexpr std::size_t kYamlDocumentLimit = 64;

// Not a vector, which may copy a tree when it grows, and leave its pointers behind.
using YamlDocuments = std::deque<YamlDocument>;

// Every document of `yaml`; one without anything in it has no root. The bounds hold for each.
tl::expected<YamlDocuments, Diagnostic> read_yaml_documents(std::string_view yaml);

// The one document of `yaml`, without a root when the text is empty, or why there is none. Refused besides what YAML
// itself refuses: several documents, tags other than !!str, keys that are not words.
tl::expected<YamlDocument, Diagnostic> read_yaml(std::string_view yaml);

}  // namespace renewd::configuration
