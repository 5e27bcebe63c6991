#include "gateway/unit_properties.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

namespace renewd::gateway {
namespace {

// sd-bus returns negative errno values; the first of a sequence of calls that fails decides.
int read_value(sd_bus_message* answer, const std::string& name, std::string_view type, UnitProperties& properties) {
  const std::string signature(type);
  int result = sd_bus_message_enter_container(answer, SD_BUS_TYPE_VARIANT, signature.c_str());
  if (result < 0) {
    return result;
  }
  if (type == "s") {
    const char* value = nullptr;
    result = sd_bus_message_read(answer, "s", &value);
    properties.texts[name] = value == nullptr ? "" : value;
  } else if (type == "as") {
    char** values = nullptr;
    result = sd_bus_message_read_strv(answer, &values);
    for (char** value = values; value != nullptr && *value != nullptr; ++value) {
      properties.lists[name].emplace_back(*value);
      std::free(*value);  // ours, and so is the list (sd_bus_message_read_strv(3))
    }
    std::free(values);
  } else if (type == "u") {
    std::uint32_t value = 0;
    result = sd_bus_message_read_basic(answer, SD_BUS_TYPE_UINT32, &value);
    properties.numbers[name] = value;
  } else if (type == "t") {
    std::uint64_t value = 0;
    result = sd_bus_message_read_basic(answer, SD_BUS_TYPE_UINT64, &value);
    properties.numbers[name] = static_cast<std::int64_t>(value);
  } else if (type == "ay") {
    const void* bytes = nullptr;
    std::size_t size = 0;
    result = sd_bus_message_read_array(answer, SD_BUS_TYPE_BYTE, &bytes, &size);
    std::string& text = properties.texts[name];
    for (std::size_t i = 0; result >= 0 && i < size; ++i) {
      text += fmt::format("{:02x}", static_cast<const unsigned char*>(bytes)[i]);
    }
  } else if (type == "(uo)") {
    std::uint32_t value = 0;
    const char* path = nullptr;
    result = sd_bus_message_read(answer, "(uo)", &value, &path);
    properties.numbers[name] = value;
  } else {
    std::int32_t value = 0;
    result = sd_bus_message_read_basic(answer, SD_BUS_TYPE_INT32, &value);
    properties.numbers[name] = value;
  }
  return result < 0 ? result : sd_bus_message_exit_container(answer);
}

int read_entry(sd_bus_message* answer, UnitProperties& properties) {
  const char* name = nullptr;
  int result = sd_bus_message_read(answer, "s", &name);
  if (result < 0) {
    return result;
  }
  const char* type = nullptr;
  result = sd_bus_message_peek_type(answer, nullptr, &type);
  if (result < 0) {
    return result;
  }
  const std::string_view contents(type);
  constexpr std::array kRead{"s", "as", "u", "i", "t", "ay", "(uo)"};
  if (std::find(kRead.begin(), kRead.end(), contents) == kRead.end()) {
    return sd_bus_message_skip(answer, "v");
  }
  return read_value(answer, name, contents, properties);
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

Result<void> add_properties(sd_bus_message* answer, UnitProperties& properties) {
  int result = sd_bus_message_enter_container(answer, SD_BUS_TYPE_ARRAY, "{sv}");
  while (result >= 0) {
    result = sd_bus_message_enter_container(answer, SD_BUS_TYPE_DICT_ENTRY, "sv");
    if (result == 0) {
      return {};
    }
    if (result > 0) {
      result = read_entry(answer, properties);
    }
    if (result >= 0) {
      result = sd_bus_message_exit_container(answer);
    }
  }
  return system_failure(kUnanswered, "reading its properties", -result);
}

Result<std::string> read_object_path(sd_bus_message* answer) {
  const char* path = nullptr;
  const int result = sd_bus_message_read(answer, "o", &path);
  if (result < 0) {
    return system_failure(kUnanswered, "reading systemd's answer", -result);
  }
  return std::string(path);
}

}  // namespace renewd::gateway
