#include "commands/configured.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

#include <fmt/ostream.h>

#include "commands/screen.hpp"
#include "commands/service_user.hpp"
#include "commands/terminal_log.hpp"
#include "core/text.hpp"

namespace renewd::commands {

using configuration::CertificateSettings;

namespace {

constexpr std::size_t kLongestMessage = 1000;

}  // namespace

std::optional<configuration::LocatedSettings> load_located(const std::filesystem::path& file, std::ostream& errors) {
  auto located = configuration::load_located(file);
  if (located) {
    return std::move(*located);
  }
  for (const auto& diagnostic : located.error()) {
    errors << diagnostic.text(file) << '\n';
  }
  return std::nullopt;
}

std::optional<configuration::Settings> load_configuration(const std::filesystem::path& file, std::ostream& errors) {
  auto located = load_located(file, errors);
  if (!located) {
    return std::nullopt;
  }
  return std::move(located->settings);
}

std::optional<std::vector<CertificateSettings>> select_certificates(const configuration::Settings& settings,
                                                                    std::string_view command,
                                                                    const std::vector<std::string>& names,
                                                                    std::ostream& errors) {
  if (names.empty()) {
    return settings.certificates;
  }
  std::vector<std::string_view> known;
  for (const auto& certificate : settings.certificates) {
    known.push_back(certificate.name);
  }
  std::vector<CertificateSettings> selected;
  bool all_known = true;
  for (const auto& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      all_known = false;
      fmt::print(errors, "{}: no certificate has the name {}; configured: {}\n", command, printable(name),
                 fmt::join(known, ", "));
      continue;
    }
    if (std::find(names.begin(), names.end(), name) != names.begin() + (&name - names.data())) {
      continue;  // named twice
    }
    selected.push_back(settings.certificates[static_cast<std::size_t>(found - known.begin())]);
  }
  if (!all_known) {
    return std::nullopt;
  }
  return selected;
}

bool begin_work(std::string_view command, configuration::Settings& settings, const std::filesystem::path& file,
                std::ostream& errors) {
  const auto begun = become_service_user(settings, file);
  if (!begun) {
    fmt::print(errors, "{}: {}\n", command, printable(begun.error().message, kLongestMessage));
  }
  return begun.has_value();
}

void say(std::ostream& out, std::string_view certificate, std::string_view text) {
  const Screen screen = screen_of(STDOUT_FILENO);
  const std::string line = fmt::format("{}: {}\n", certificate, text);
  out << (screen.terminal ? hanging(line, screen.width) : line);
  out.flush();
}

}  // namespace renewd::commands
