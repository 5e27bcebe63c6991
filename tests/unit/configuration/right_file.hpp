// A valid configuration, to which tests add keys by their full names.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include <boost/json.hpp>

#include "configuration/settings.hpp"
#include "plain_json.hpp"

namespace renewd::configuration {

inline bool is_top_level(const std::string& key) {
  static Settings settings;
  const Keys keys = settings.keys();
  const std::string first = key.substr(0, key.find('.'));
  return std::any_of(keys.begin(), keys.end(), [&first](const Key& each) { return each.name == first; });
}

inline void set_value(boost::json::object& map, const std::string& key, boost::json::value value) {
  const auto dot = key.find('.');
  if (dot == std::string::npos) {
    map[key] = std::move(value);
    return;
  }
  boost::json::value& below = map[key.substr(0, dot)];
  if (!below.is_object()) {
    below = boost::json::object();
  }
  set_value(below.as_object(), key.substr(dot + 1), std::move(value));
}

// A valid file, whose values can be set by the full names of their keys.
class RightFile {
 public:
  RightFile& set(const std::string& key, const std::string& yaml) { return put(key, plain_json(yaml)); }
  RightFile& put(const std::string& key, boost::json::value value) {
    set_value(is_top_level(key) ? root_ : certificate_, key, std::move(value));
    return *this;
  }
  // JSON is YAML.
  std::string yaml() const {
    boost::json::object whole = root_;
    if (!whole.contains("certificates")) {
      whole["certificates"] = boost::json::array{certificate_};
    }
    return boost::json::serialize(whole);
  }

 private:
  boost::json::object root_;
  boost::json::object certificate_ =
      plain_json("{name: a, account_url: https://h/a, token: {file: /t}, keystore: {path: /k}}").as_object();
};

}  // namespace renewd::configuration
