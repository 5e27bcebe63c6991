// Values that are text of a certain form: names, URLs, units, programs, signals and expressions.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

#include "configuration/names.hpp"
#include "configuration/numbers.hpp"
#include "configuration/urls.hpp"
#include "configuration/values.hpp"
#include "core/text.hpp"

namespace renewd::configuration {
namespace {

using Parsed = tl::expected<std::string, std::string>;

constexpr std::size_t kLongestHost = 255;
constexpr std::size_t kLongestPrefix = 200;

bool is_slash_or_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '/' || byte < 0x20 || byte == 0x7F;
}

// Without trailing slashes.
Parsed parse_prefix(std::string_view text) {
  while (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  const bool plain = std::ranges::all_of(text, [](char c) { return is_alphanumeric_or(c, "/-_."); });
  if (!text.starts_with('/') || !plain || text.size() > kLongestPrefix || text.find("//") != std::string_view::npos) {
    return tl::unexpected<std::string>(
        "must begin with / and consist of letters, digits and -_. between single slashes, as in /gravitee-renewd");
  }
  return std::string(text);
}

Parsed parse_text(const std::string& text, TextKind kind) {
  const auto require = [&text](bool valid, const char* why) {
    return valid ? Parsed(text) : Parsed(tl::unexpected<std::string>(why));
  };
  switch (kind) {
    case TextKind::name:
      return parse_certificate_name(text);
    case TextKind::account_url:
      return parse_account_url(text);
    case TextKind::probe_url:
      return parse_probe_url(text);
    case TextKind::user_name:
      return require(text.find(':') == std::string::npos,
                     "must not contain a colon, which separates it from the password");
    case TextKind::credential:
      // systemd.exec(5): a credential's name is a file name.
      return require(text.find('/') == std::string::npos && text != "." && text != "..",
                     "must be the NAME of LoadCredential=NAME:PATH in the unit; for a path, use {file: PATH}");
    case TextKind::variable:
      return require(text.find('=') == std::string::npos, "must be the name of an environment variable, without =");
    case TextKind::etcd_prefix:
      return parse_prefix(text);
    case TextKind::host_name:
      return require(text.size() <= kLongestHost && std::ranges::none_of(text, is_slash_or_control),
                     "must be at most 255 bytes, without / and control characters");
    case TextKind::secret:
      break;
  }
  return text;
}

// A number, or a name with or without SIG.
int signal_number(std::string_view text) {
  if (const auto number = parse_number(text)) {
    return *number <= static_cast<std::uint64_t>(SIGRTMAX) ? static_cast<int>(*number) : 0;
  }
  const std::string_view wanted = text.starts_with("SIG") ? text.substr(3) : text;
  for (int candidate = 1; candidate < SIGRTMIN; ++candidate) {
    const char* name = ::sigabbrev_np(candidate);
    if (name != nullptr && wanted == name) {
      return candidate;
    }
  }
  return 0;
}

void check_unit_name(const GivenValue& given, const YamlNode& node, const std::string& name) {
  if (!is_unit_name(name)) {
    const std::string service = name + ".service";
    given.refuse(node, fmt::format("must be the full name of a service, such as {}",
                                   is_unit_name(service) ? service : "graviteeio-apim-gateway.service"));
  }
}

void read_endpoint(const GivenValue& given, const YamlNode& node, std::string& into) {
  if (auto endpoint = parse_endpoint(into)) {
    into = std::move(*endpoint);
  } else {
    given.refuse(node, endpoint.error());
  }
}

}  // namespace

void read(const GivenValue& given, const Text& value) {
  read_parsed(given, *value.into, [&value](const std::string& text) { return parse_text(text, value.kind); });
}

void read(const GivenValue& given, const OptionalText& value) {
  read_parsed(given, *value.into, [&value](const std::string& text) { return parse_text(text, value.kind); });
}

void read(const GivenValue& given, const UnitName& value) {
  if (auto name = given.text()) {
    check_unit_name(given, given.node, *name);
    value.set(std::move(*name));
  }
}

void read(const GivenValue& given, const Texts& value) {
  if (!given.is_non_empty_list()) {
    given.refuse("must be a list of at least one text, such as [first, second]");
    return;
  }
  std::vector<std::string> texts;
  for (const YamlNode* item : given.node.items) {
    const bool empty_text = item->kind == YamlNode::Kind::scalar && item->text.empty();
    if (const auto text = empty_text ? item->text : given.text(*item)) {
      texts.push_back(*text);
      if (value.kind == ListKind::units) {
        check_unit_name(given, *item, *text);
      } else if (value.kind == ListKind::endpoints) {
        read_endpoint(given, *item, texts.back());
      }
    }
  }
  if (texts.size() != given.node.items.size()) {
    return;
  }
  if (value.kind == ListKind::command && !texts.front().starts_with('/')) {
    given.map.sink().error(given.node.items.front()->place,
                           fmt::format("`{}` must start with the absolute path of a program; PATH is not "
                                       "searched",
                                       given.map.name_of(given.key)));
  }
  *value.into = std::move(texts);
}

void read(const GivenValue& given, const Signal& value) {
  *value.into = signal_number(given.scalar());
  if (*value.into == 0) {
    given.refuse(fmt::format("must be a signal's name or number, such as SIGTERM, TERM or 15{}",
                             leading_zero_hint(given.scalar())));
  }
}

void read(const GivenValue& given, std::optional<Pattern>* value) {
  const auto text = given.text();
  if (!text) {
    return;
  }
  auto pattern = Pattern::compile(*text);
  if (!pattern) {
    given.refuse("must be a regular expression: " + pattern.error());
  } else if (pattern->found_in("")) {
    given.refuse("must not match an empty line, because it would then match every line");
  } else {
    *value = std::move(*pattern);
  }
}

void read(const GivenValue& given, std::optional<ProxySettings>* value) {
  read_parsed(given, *value, parse_proxy);
}

}  // namespace renewd::configuration
