// The properties of a D-Bus object, of the types that units need: strings, lists of strings, integers, IDs (bytes, as
// hexadecimal text), and jobs (their numbers).
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

  // Empty or 0 if there is no such property.
  std::string text(const std::string& name) const;
  std::vector<std::string> list(const std::string& name) const;
  std::int64_t number(const std::string& name) const;
};

// Adds the properties in a reply to org.freedesktop.DBus.Properties.GetAll (a{sv}); ignores other types. Error kind:
// kInconclusive.
Result<void> add_properties(sd_bus_message* reply, UnitProperties& properties);

// Reads a reply that is an object's path. Error kind: kInconclusive.
Result<std::string> read_object_path(sd_bus_message* reply);

}  // namespace renewd::gateway
