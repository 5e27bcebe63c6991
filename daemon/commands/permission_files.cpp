#include "commands/permission_files.hpp"

#include <algorithm>

#include <boost/crc.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/advice.hpp"
#include "core/text.hpp"

namespace renewd::commands {
namespace {

constexpr std::string_view kHeader =
    "{0} Written by `gravitee-renewd init --permissions` from the configuration; run it again after a change there.\n"
    "{0} If you change this file, the checksum in the last line is wrong, and only --force overwrites it.\n";

std::string checksum_line(std::string_view comment, std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return fmt::format("{} checksum {:08x}\n", comment, crc.checksum());
}

std::string with_checksum(std::string_view comment, const std::string& text) {
  return text + checksum_line(comment, text);
}

bool is_plain(char c) {
  return is_alphanumeric_or(c, "-_.@:/");
}

// A JavaScript string. Escapes all other characters as numbers, so that nothing can end it.
std::string javascript(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += is_plain(c) ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return quoted + "\"";
}

// A word of a unit file (systemd.syntax(7)); "%" would start a specifier.
std::string word(std::string_view text) {
  if (std::ranges::all_of(text, is_plain)) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%') {
      quoted += "%%";
    } else if (c == '"' || c == '\\' || byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

bool is_below(const std::filesystem::path& path, const std::filesystem::path& directory) {
  const auto end = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first;
  return end == directory.end();
}

}  // namespace

std::string polkit_rules(const Permissions& permissions) {
  if (permissions.units.empty()) {
    return "";
  }
  std::vector<std::string> units;
  std::ranges::transform(permissions.units, std::back_inserter(units), javascript);
  return with_checksum("//",
                       fmt::format(kHeader, "//") + fmt::format(R"(polkit.addRule(function(action, subject) {{
    var units = [{}];
    var verbs = ["restart", "try-restart"];
    if (action.id === "org.freedesktop.systemd1.manage-units" && subject.user === {} &&
        units.indexOf(action.lookup("unit")) !== -1 && verbs.indexOf(action.lookup("verb")) !== -1) {{
        return polkit.Result.YES;
    }}
    return polkit.Result.NOT_HANDLED;
}});
)",
                                                                fmt::join(units, ", "), javascript(permissions.user)));
}

std::string service_drop_in(const Permissions& permissions) {
  std::string text = fmt::format(kHeader, "#") + "[Service]\n";
  text += fmt::format("User={}\nGroup={}\n", word(permissions.user), word(permissions.group));
  // "-": the daemon reports a missing directory; otherwise systemd would refuse to start it.
  const auto add_writable = [&text](const std::filesystem::path& directory) {
    text += fmt::format("ReadWritePaths={}\n", word("-" + directory.string()));
  };
  std::ranges::for_each(permissions.linked, add_writable);
  for (const auto& directory : permissions.writable) {
    if (std::ranges::none_of(permissions.linked, [&](const auto& above) { return is_below(directory, above); })) {
      add_writable(directory);
    }
  }
  if (std::ranges::any_of(permissions.writable, is_below_home) ||
      std::ranges::any_of(permissions.linked, is_below_home)) {
    text += "ProtectHome=read-only\n";
  }
  if (permissions.changes_group) {
    text += "SystemCallFilter=fchown\n";
  }
  for (const auto& name : permissions.credentials) {
    text += fmt::format("LoadCredential={}\n", name);
  }
  if (!permissions.groups.empty()) {
    std::vector<std::string> groups;
    std::ranges::transform(permissions.groups, std::back_inserter(groups), word);
    text += fmt::format("SupplementaryGroups={}\n", fmt::join(groups, " "));
  }
  return with_checksum("#", text);
}

bool has_valid_checksum(std::string_view file) {
  if (file.empty()) {
    return false;
  }
  const auto line_end = file.substr(0, file.size() - 1).rfind('\n');
  if (line_end == std::string_view::npos) {
    return false;
  }
  const std::string_view text = file.substr(0, line_end + 1);
  return file.substr(line_end + 1) == checksum_line(file.starts_with("//") ? "//" : "#", text);
}

}  // namespace renewd::commands
