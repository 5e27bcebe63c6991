// Where a setting is in its file, for findings that are not about the file itself.
#pragma once

#include <string_view>
#include <utility>

#include "configuration/diagnostic.hpp"
#include "configuration/yaml_document.hpp"

namespace renewd::configuration {

class Places {
 public:
  explicit Places(YamlDocument document) : document_(std::move(document)) {}

  // The place of the value at a path such as "certificates[0].keystore.path"; when the file has no such value, of the
  // nearest map or list around it.
  Place of(std::string_view path) const;

 private:
  YamlDocument document_;
};

}  // namespace renewd::configuration
