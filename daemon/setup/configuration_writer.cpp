#include "setup/configuration_writer.hpp"

#include <algorithm>

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
# The configuration of gravitee-renewd, begun by `gravitee-renewd init`: which certificates it watches, where they are
# renewed, and what makes the gateway use the new one. Check it with `gravitee-renewd validate` after a change.
#
# Only what is used is here; gravitee-renewd.yaml(5) explains every other key. The lines that begin with "#" and no space,
# or several, are options: remove the "#" and the indentation is right. Lines that begin with "# ", like this one, are for
# reading.

certificates:
)";

constexpr std::string_view kTail = R"(
# The way to the cloud. The renew host (that of account_url) is not the host the gateway talks to: firewalls often know
# only the latter. Proxy variables of the environment are not read.
#http:
  # Example. An HTTP proxy with CONNECT, as http://host:port or http://user@host:port.
#  proxy: http://proxy.example.com:3128
)";

// No word that YAML takes for something else than text (true, null, off), and nothing that begins as a number does.
bool may_stand_plain(std::string_view text) {
  static const auto kPlain = Pattern::compile("^(/|[A-Za-z][A-Za-z0-9]*[./_@:-])[A-Za-z0-9./_@:-]*$");
  return kPlain->found_in(text) && !text.ends_with(':');
}

// Scalars of one file; remembers whether one of them could not be written.
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
    text += fmt::format("    # As in {}.\n", printable(draft.keystore_origin, 1000));
  }
  text += fmt::format("    keystore:\n      path: {}\n", scalar(draft.keystore));
  if (draft.password_file) {
    text += fmt::format("      # As in gravitee.yml.\n      password: {{file: {}}}\n", scalar(*draft.password_file));
  }
  text += fmt::format(
      "      # pkcs12 or jks; auto looks at the content.{} Set it to refuse anything else.\n#      type: auto\n",
      draft.keystore_type.empty() ? "" : fmt::format(" gravitee.yml says {}.", printable(draft.keystore_type, 40)));
  return text;
}

std::string action_section(const CertificateDraft& draft, Scalars& scalar) {
  if (draft.units.empty()) {
    return "    # Nothing is restarted: the gateway goes on with the old certificate until somebody restarts it. To "
           "have it\n"
           "    # done: systemd: {unit: NAME.service}\n"
           "    gateway:\n      none: {}\n";
  }
  std::vector<std::string> units;
  for (const auto& unit : draft.units) {
    units.push_back(scalar(unit));
  }
  return fmt::format(
      "    gateway:\n      systemd:\n"
      "        # What reads the keystore: it is restarted for a new one{}.\n        {}\n"
      "        # try-restart leaves a stopped unit stopped, restart starts it. (Reloading would end a JVM.)\n"
      "#        action: try-restart\n",
      units.size() > 1 ? ", one after the other" : "",
      units.size() > 1 ? fmt::format("units: [{}]", fmt::join(units, ", ")) : "unit: " + units.front());
}

std::string health_section(const HealthDraft& health, const std::string& mark, Scalars& scalar) {
  std::string text = fmt::format(
      "        # The gateway's own health check, by its technical API{}.\n{}        http:\n{}          url: {}\n",
      health.problem.empty() ? "" : "; not used: " + printable(health.problem, 500), mark, mark, scalar(health.url));
  if (!health.username.empty()) {
    text += fmt::format("{}          username: {}\n{}          password: {{file: {}}}\n", mark, scalar(health.username),
                        mark, scalar(health.password_file));
  }
  return text;
}

std::string verify_section(const CertificateDraft& draft, Scalars& scalar) {
  if (draft.units.empty()) {
    return {};
  }
  const bool active = draft.health.problem.empty();
  const std::string mark = active ? "" : "#";
  return fmt::format(
      "      # What shows that the gateway is well with the new certificate, besides the state of its unit.\n"
      "{}      verify:\n{}"
      "        # The health check does not show the link to the cloud, the log does. Use it when your gateway logs "
      "these\n"
      "        # lines to the journal; for a log file write file: /path instead of unit.\n"
      "#        log:\n#          unit: {}\n"
      "#          ready: Exchange Connector is now connected and ready\n"
      "#          failed: Unable to connect to the Exchange Controller Endpoint\n"
      "        # How long the restart may take, and then all this. Longer for a gateway that starts slowly.\n"
      "#        timeout: 120s\n",
      mark, health_section(draft.health, mark, scalar), scalar(draft.units.front()));
}

std::string certificate_section(const CertificateDraft& draft, Scalars& scalar) {
  return fmt::format(
             "    # Used in logs, metrics and paths.\n  - name: {}\n"
             "    # As the cloud's token dialog shows it; it ends with the account id.\n    account_url: {}\n"
             "    # The account token: Settings > Account Tokens in Gravitee Cloud.\n    token: {{file: {}}}\n",
             scalar(draft.name), scalar(draft.account_url), scalar(draft.token_file)) +
         keystore_section(draft, scalar) +
         "    # How long before expiry it is renewed.\n#    renew_before: 30d\n"
         "    # Example. When the new keystore may be installed and the gateway restarted.\n"
         "#    activate_windows: [{days: [sat, sun], from: \"02:00\", to: \"05:00\"}]\n" +
         action_section(draft, scalar) + verify_section(draft, scalar);
}

}  // namespace

std::optional<std::string> yaml_scalar(std::string_view text) {
  if (!is_utf8(text)) {
    return std::nullopt;
  }
  if (may_stand_plain(text)) {
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
    return failure(ErrorKind::disk, fmt::format("writing the configuration: {} is not UTF-8, which YAML must be",
                                                printable(scalar.bad(), 500)));
  }
  if (const auto accepted = configuration::parse(text); !accepted) {
    const auto& first = accepted.error().front();
    return failure(ErrorKind::disk, fmt::format("writing the configuration: {}", first.message));
  }
  return text;
}

}  // namespace renewd::setup
