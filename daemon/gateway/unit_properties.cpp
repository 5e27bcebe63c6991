#include "gateway/unit_properties.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "gateway/system_bus.hpp"

namespace renewd::gateway {
namespace {

// sd-bus returns negative errno values.
template <typename Number>
int read_number(sd_bus_message* reply, char type, std::int64_t& number) {
  Number value{};
  const int result = sd_bus_message_read_basic(reply, type, &value);
  number = static_cast<std::int64_t>(value);
  return result;
}

int read_list(sd_bus_message* reply, std::vector<std::string>& list) {
  char** values = nullptr;
  const int result = sd_bus_message_read_strv(reply, &values);
  for (char** value = values; value != nullptr && *value != nullptr; ++value) {
    list.emplace_back(*value);
    std::free(*value);  // owned by the caller, and so is the array (sd_bus_message_read_strv(3))
  }
  std::free(static_cast<void*>(values));
  return result;
}

int read_value(sd_bus_message* reply, const std::string& name, std::string_view type, UnitProperties& properties) {
  const std::string signature(type);
  int result = sd_bus_message_enter_container(reply, SD_BUS_TYPE_VARIANT, signature.c_str());
  if (result < 0) {
    return result;
  }
  if (type == "s") {
    const char* value = nullptr;
    result = sd_bus_message_read(reply, "s", &value);
    properties.texts[name] = value == nullptr ? "" : value;
  } else if (type == "as") {
    result = read_list(reply, properties.lists[name]);
  } else if (type == "u") {
    result = read_number<std::uint32_t>(reply, SD_BUS_TYPE_UINT32, properties.numbers[name]);
  } else if (type == "t") {
    result = read_number<std::uint64_t>(reply, SD_BUS_TYPE_UINT64, properties.numbers[name]);
  } else if (type == "i") {
    result = read_number<std::int32_t>(reply, SD_BUS_TYPE_INT32, properties.numbers[name]);
  } else if (type == "ay") {
    const void* bytes = nullptr;
    std::size_t size = 0;
    result = sd_bus_message_read_array(reply, SD_BUS_TYPE_BYTE, &bytes, &size);
    const std::span id(static_cast<const unsigned char*>(bytes), result < 0 ? 0 : size);
    properties.texts[name] = fmt::format("{:02x}", fmt::join(id, ""));
  } else {
    std::uint32_t value = 0;
    const char* path = nullptr;
    result = sd_bus_message_read(reply, "(uo)", &value, &path);
    properties.numbers[name] = value;
  }
  return result < 0 ? result : sd_bus_message_exit_container(reply);
}

int read_entry(sd_bus_message* reply, UnitProperties& properties) {
  const char* name = nullptr;
  int result = sd_bus_message_read(reply, "s", &name);
  if (result < 0) {
    return result;
  }
  const char* type = nullptr;
  result = sd_bus_message_peek_type(reply, nullptr, &type);
  if (result < 0) {
    return result;
  }
  const std::string_view contents(type);
  constexpr std::array kSupported{"s", "as", "u", "i", "t", "ay", "(uo)"};
  if (std::find(kSupported.begin(), kSupported.end(), contents) == kSupported.end()) {
    return sd_bus_message_skip(reply, "v");
  }
  return read_value(reply, name, contents, properties);
}

}  // namespace

std::string UnitProperties::text(const std::string& name) const {
  const auto found = texts.find(name);
  return found == texts.end() ? std::string() : found->second;
}

std::vector<std::string> UnitProperties::list(const std::string& name) const {
  const auto found = lists.find(name);
  return found == lists.end() ? std::vector<std::string>() : found->second;
}

std::int64_t UnitProperties::number(const std::string& name) const {
  const auto found = numbers.find(name);
  return found == numbers.end() ? 0 : found->second;
}

Result<void> add_properties(sd_bus_message* reply, UnitProperties& properties) {
  int result = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "{sv}");
  while (result >= 0) {
    result = sd_bus_message_enter_container(reply, SD_BUS_TYPE_DICT_ENTRY, "sv");
    if (result == 0) {
      return {};
    }
    if (result > 0) {
      result = read_entry(reply, properties);
    }
    if (result >= 0) {
      result = sd_bus_message_exit_container(reply);
    }
  }
  return system_failure(kInconclusive, "reading the unit's properties", -result);
}

Result<std::string> read_object_path(sd_bus_message* reply) {
  const char* path = nullptr;
  const int result = sd_bus_message_read(reply, "o", &path);
  if (result < 0) {
    return system_failure(kInconclusive, "reading systemd's reply", -result);
  }
  return std::string(path);
}

}  // namespace renewd::gateway
