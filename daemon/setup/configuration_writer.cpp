#include "setup/configuration_writer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "configuration/loader.hpp"
#include "core/pattern.hpp"
#include "core/text.hpp"

namespace renewd::setup {
namespace {

constexpr std::string_view kHead =
    R"(# yaml-language-server: $schema=/usr/share/gravitee-renewd/config.schema.json
#
# The configuration of gravitee-renewd, written by `gravitee-renewd init`: the certificates to watch, where to renew them,
# and how to make the gateway use a new one. Check it with `gravitee-renewd validate` after each change.
#
# It has only the most important keys; gravitee-renewd.yaml(5) explains all of them. To enable an option that is commented
# out, remove the "#"; the indentation is then right. Lines that start with "# ", like this one, are explanations.

certificates:
)";

constexpr std::string_view kTail = R"(
# The connection to the cloud. The renew host (in account_url) is not the host that the gateway connects to; firewalls
# often allow only the latter. Proxy variables of the environment are not read.
#http:
  # Example. An HTTP proxy with CONNECT, as http://host:port or http://user@host:port.
#  proxy: http://proxy.example.com:3128
)";

// Whether text needs no quotes. Excludes the words to which YAML gives a meaning (true, null, off), and numbers.
bool is_plain_scalar(std::string_view text) {
  static const auto kPlain = Pattern::compile("^(/|[A-Za-z][A-Za-z0-9]*[./_@:-])[A-Za-z0-9./_@:-]*$");
  return kPlain->found_in(text) && !text.ends_with(':');
}

// Writes the scalars of one file, and remembers the first one that is not valid.
class Scalars {
 public:
  std::string operator()(const std::filesystem::path& path) { return (*this)(path.string()); }
  std::string operator()(const std::string& text) {
    auto scalar = yaml_scalar(text);
    if (!scalar && bad_.empty()) {
      bad_ = text;
    }
    return scalar.value_or("~");
  }
  const std::string& bad() const { return bad_; }

 private:
  std::string bad_;
};

std::string keystore_section(const CertificateDraft& draft, Scalars& scalar) {
  std::string text;
  if (!draft.keystore_origin.empty()) {
    text += fmt::format("    # From {}.\n", printable(draft.keystore_origin, 1000));
  }
  text += fmt::format("    keystore:\n      path: {}\n", scalar(draft.keystore));
  if (draft.password_file) {
    text += fmt::format("      # The same password as in gravitee.yml.\n      password: {{file: {}}}\n",
                        scalar(*draft.password_file));
  }
  text += fmt::format(
      "      # pkcs12 or jks, to refuse any other type; auto detects it.{}\n#      type: auto\n",
      draft.keystore_type.empty() ? "" : fmt::format(" In gravitee.yml: {}.", printable(draft.keystore_type, 40)));
  return text;
}

std::string action_section(const CertificateDraft& draft, Scalars& scalar) {
  if (draft.units.empty()) {
    return "    # Nothing is restarted: the gateway uses the previous certificate until you restart it. To let the "
           "daemon\n"
           "    # restart it: systemd: {unit: NAME.service}\n"
           "    gateway:\n      none: {}\n";
  }
  std::vector<std::string> units;
  units.reserve(draft.units.size());
  for (const auto& unit : draft.units) {
    units.push_back(scalar(unit));
  }
  return fmt::format(
      "    gateway:\n      systemd:\n"
      "        # The unit{} that the daemon restarts for a new keystore{}.\n        {}\n"
      "        # try-restart leaves a stopped unit stopped, restart starts it. (Reloading would end a JVM.)\n"
      "#        action: try-restart\n",
      units.size() > 1 ? "s" : "", units.size() > 1 ? ", one after the other" : "",
      units.size() > 1 ? fmt::format("units: [{}]", fmt::join(units, ", ")) : "unit: " + units.front());
}

std::string health_section(const HealthDraft& health, const std::string& mark, Scalars& scalar) {
  std::string text = fmt::format(
      "        # The gateway's health check, from its technical API{}.\n{}        http:\n{}          url: {}\n",
      health.problem.empty() ? "" : "; disabled: " + printable(health.problem, 500), mark, mark, scalar(health.url));
  if (!health.username.empty()) {
    text += fmt::format("{}          username: {}\n{}          password: {{file: {}}}\n", mark, scalar(health.username),
                        mark, scalar(health.password_file));
  }
  return text;
}

std::string log_section(const CertificateDraft& draft, Scalars& scalar) {
  const std::string mark = draft.log ? "" : "#";
  const LogDraft log = draft.log.value_or(LogDraft{draft.units.front(), {}});
  return fmt::format(
      "        # The log shows the connection to the cloud; the health check does not.\n        # {}\n"
      "{}        log:\n{}          {}: {}\n{}          ready: Exchange Connector is now connected and ready\n"
      "          # Example. A line that must not appear.\n"
      "#          failed: Unable to connect to the Exchange Controller Endpoint\n",
      log.file.empty() ? "For a log file, write file: /path instead of unit."
                       : "For the journal, write unit: NAME.service instead of file.",
      mark, mark, log.file.empty() ? "unit" : "file", log.file.empty() ? scalar(log.unit) : scalar(log.file), mark);
}

std::string verify_section(const CertificateDraft& draft, Scalars& scalar) {
  if (draft.units.empty()) {
    return {};
  }
  const std::string mark = draft.health.problem.empty() ? "" : "#";
  return fmt::format(
      "      # Checks that the gateway is healthy with the new certificate, besides the state of its unit.\n"
      "{}      verify:\n{}{}"
      "        # The time limit for the restart, and again for these checks. Increase it for a gateway that starts "
      "slowly.\n"
      "#        timeout: 120s\n",
      draft.log ? "" : mark, health_section(draft.health, mark, scalar), log_section(draft, scalar));
}

std::string certificate_section(const CertificateDraft& draft, Scalars& scalar) {
  return fmt::format(
             "    # Used in logs, metrics and paths.\n  - name: {}\n"
             "    # From the token dialog of Gravitee Cloud; it ends with the account id.\n    account_url: {}\n"
             "    # The account token: Settings > Account Tokens in Gravitee Cloud.\n    token: {{file: {}}}\n",
             scalar(draft.name), scalar(draft.account_url), scalar(draft.token_file)) +
         keystore_section(draft, scalar) +
         "    # How long before expiry to renew.\n#    renew_before: 30d\n"
         "    # Example. When the daemon may install the new keystore and restart the gateway.\n"
         "#    activate_windows: [{days: [sat, sun], from: \"02:00\", to: \"05:00\"}]\n" +
         action_section(draft, scalar) + verify_section(draft, scalar);
}

}  // namespace

std::optional<std::string> yaml_scalar(std::string_view text) {
  if (!is_utf8(text)) {
    return std::nullopt;
  }
  if (is_plain_scalar(text)) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

Result<std::string> write_configuration(const std::vector<CertificateDraft>& certificates) {
  Scalars scalar;
  std::string text(kHead);
  for (const auto& draft : certificates) {
    text += certificate_section(draft, scalar);
  }
  text += kTail;
  if (!scalar.bad().empty()) {
    return failure(ErrorKind::disk, fmt::format("writing the configuration: {} is not UTF-8, as YAML requires",
                                                printable(scalar.bad(), 500)));
  }
  if (const auto accepted = configuration::parse(text); !accepted) {
    const auto& first = accepted.error().front();
    return failure(ErrorKind::disk, fmt::format("writing the configuration: {}", first.message));
  }
  return text;
}

}  // namespace renewd::setup
