// The properties of a D-Bus object, as far as units need them: strings, lists of them, integers, IDs (bytes, read as
// hexadecimal text), and the number of a job.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <systemd/sd-bus.h>

#include "core/error.hpp"

namespace renewd::gateway {

struct UnitProperties {
  std::map<std::string, std::string> texts;
  std::map<std::string, std::vector<std::string>> lists;
  std::map<std::string, std::int64_t> numbers;

  // Empty or 0 when there is no such property.
  std::string text(const std::string& name) const;
  std::vector<std::string> list(const std::string& name) const;
  std::int64_t number(const std::string& name) const;
};

// Adds what an answer to org.freedesktop.DBus.Properties.GetAll (a{sv}) holds; other types are passed over.
// Error kind: kUnanswered.
Result<void> add_properties(sd_bus_message* answer, UnitProperties& properties);

// What an answer holds that is one object's path. Error kind: kUnanswered.
Result<std::string> read_object_path(sd_bus_message* answer);

}  // namespace renewd::gateway
