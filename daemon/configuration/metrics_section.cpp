// `metrics`: where the daemon publishes its metrics.
#include <sys/un.h>

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <tl/expected.hpp>

#include "configuration/numbers.hpp"
#include "configuration/sections.hpp"
#include "configuration/values.hpp"
#include "core/addresses.hpp"

namespace renewd::configuration {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kForm = "127.0.0.1:9464, [::1]:9464 or unix:/run/gravitee-renewd/metrics.sock";

// As in urls.hpp, the error continues a sentence that starts with the key's name.
tl::expected<ListenAddress, std::string> parse_socket(std::string_view path) {
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;  // unix(7)
  if (!path.starts_with('/')) {
    return tl::unexpected(
        fmt::format("must have an absolute path after unix:, such as {}/run/gravitee-renewd/metrics.sock", kUnix));
  }
  if (path.size() > kLongest) {
    return tl::unexpected(fmt::format("must not have a path of more than {} bytes, the limit for a socket", kLongest));
  }
  return std::filesystem::path(path);
}

// HOST:PORT, an IPv6 address in brackets.
tl::expected<ListenAddress, std::string> parse_listen(std::string_view text) {
  if (text.starts_with(kUnix)) {
    return parse_socket(text.substr(kUnix.size()));
  }
  const auto colon = text.rfind(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : parse_port(text.substr(colon + 1));
  if (!port) {
    return tl::unexpected(fmt::format("must be an address and a port from 1 to 65535, such as {}{}", kForm,
                                      leading_zero_hint(text.substr(colon + 1))));
  }
  std::string_view host = text.substr(0, colon);
  const bool in_brackets = host.starts_with('[') && host.ends_with(']');
  if (in_brackets) {
    host = host.substr(1, host.size() - 2);
  }
  if (host == "localhost" && !in_brackets) {
    return TcpAddress{"127.0.0.1", *port};
  }
  if (!is_address(std::string(host)) || in_brackets != (host.find(':') != std::string_view::npos)) {
    return tl::unexpected(
        fmt::format("must start with localhost or an IP address of this host (IPv6 in brackets), not another name; for "
                    "example {}",
                    kForm));
  }
  return TcpAddress{std::string(host), *port};
}

}  // namespace

void read(const GivenValue& given, std::optional<ListenAddress>* value) {
  read_parsed(given, *value, parse_listen);
}

void read_metrics(const YamlMap& file, MetricsSettings& into) {
  const auto map = read_section(file, "metrics", into.keys());
  if (!map) {
    return;
  }
  const auto* const tcp = into.listen ? std::get_if<TcpAddress>(&*into.listen) : nullptr;
  if (tcp != nullptr && !is_loopback(tcp->address) && !into.allow_remote) {
    map->sink().error(map->find("listen")->place,
                      "`metrics.listen` must be a loopback address (127.0.0.1, [::1], localhost) or a unix socket, "
                      "because the port has no access control; to serve other hosts anyway, set "
                      "`metrics.allow_remote: true`");
  }
  if (into.textfile && (into.textfile->extension() != ".prom" || !into.textfile->has_stem())) {
    map->sink().error(map->find("textfile")->place,
                      "`metrics.textfile` must end with .prom, because node_exporter reads no other files; for example "
                      "/var/lib/prometheus/node-exporter/gravitee-renewd.prom");
  }
}

}  // namespace renewd::configuration
