#include "commands/permission_files.hpp"

#include <algorithm>

#include <boost/crc.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace renewd::commands {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_.@:/").find(c) != std::string_view::npos;
}

namespace {

constexpr std::string_view kHeader =
    "{0} Written by `gravitee-renewd init --permissions` from the configuration: run it again after changing that.\n"
    "{0} It overwrites this file after a manual change only with --force; the last line shows such a change.\n";

std::string checksum_line(std::string_view comment, std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return fmt::format("{} checksum {:08x}\n", comment, crc.checksum());
}

std::string with_checksum(std::string_view comment, const std::string& text) {
  return text + checksum_line(comment, text);
}

// Quotes a JavaScript string. Escapes every other character, so that nothing can end the string.
std::string javascript(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += is_plain(c) ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return quoted + "\"";
}

// A word of a unit file (systemd.syntax(7)); "%" would begin a specifier.
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
  return std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first == directory.end();
}

// Below the directories that ProtectHome= hides.
bool is_in_home(const std::filesystem::path& path) {
  return is_below(path, "/home") || is_below(path, "/root") || is_below(path, "/run/user");
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
  for (const auto* directories : {&permissions.linked, &permissions.writable}) {
    for (const auto& directory : *directories) {
      // "-": systemd would not start the service without the directory; the daemon reports that it is missing.
      text += fmt::format("ReadWritePaths={}\n", word("-" + directory.string()));
    }
  }
  if (std::ranges::any_of(permissions.writable, is_in_home) || std::ranges::any_of(permissions.linked, is_in_home)) {
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

bool is_unmodified(std::string_view file) {
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
