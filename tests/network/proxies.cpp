#include "network/proxies.hpp"

#include <unistd.h>

#include <array>
#include <vector>

#include "support/host.hpp"

namespace renewd::testing {
namespace {

constexpr std::uint16_t kPort = 3128;
constexpr const char* kCertgen = "/usr/lib/squid/security_file_certgen";
constexpr const char* kPlaceholder = "DIRECTORY";

// No user may be asked to log in, no file but the test's be written, and nothing be remembered.
constexpr const char* kSquid = R"(cache deny all
access_log none
cache_log /dev/null
pid_filename none
pinger_enable off
hosts_file DIRECTORY/hosts
coredump_dir DIRECTORY
shutdown_lifetime 0 seconds
)";

// Opens every connection, with certificates of its own CA.
constexpr const char* kOpening =
    " ssl-bump cert=DIRECTORY/proxy-ca-with-key.pem generate-host-certificates=on dynamic_cert_mem_cache_size=1MB";
constexpr const char* kOpeningSquid = R"(sslcrtd_program /usr/lib/squid/security_file_certgen -s DIRECTORY/issued -M 1MB
sslcrtd_children 1 startup=1
ssl_bump bump all
)";

constexpr const char* kTinyproxy = "Listen 192.0.2.2\nPort 3128\nTimeout 60\nMaxClients 10\nLogLevel Info\n";

}  // namespace

std::optional<std::string> obstacle(Proxy proxy) {
  if (proxy == Proxy::tinyproxy && !have_program("tinyproxy")) {
    return "tinyproxy is missing";
  }
  if ((proxy == Proxy::squid || proxy == Proxy::opening_squid) && ::access("/usr/sbin/squid", X_OK) != 0) {
    return "squid is missing";
  }
  if (proxy == Proxy::opening_squid && ::access(kCertgen, X_OK) != 0) {
    return "squid cannot open TLS (package squid-openssl)";
  }
  return std::nullopt;
}

RunningProxy::RunningProxy(Proxy proxy, const std::string& setup, const std::filesystem::path& cloud_ca) {
  switch (proxy) {
    case Proxy::none:
      break;
    case Proxy::squid:
      start_squid("", setup);
      break;
    case Proxy::opening_squid:
      make_ca(cloud_ca);
      start_squid(kOpening, kOpeningSquid + setup);
      break;
    case Proxy::tinyproxy:
      write_file(directory_ / "tinyproxy.conf", kTinyproxy + in_directory(setup));
      process_ = std::make_unique<BackgroundProcess>(
          std::vector<std::string>{"tinyproxy", "-d", "-c", (directory_ / "tinyproxy.conf").string()});
      process_->wait_for_output(
          [](const std::string& output) { return output.find("Accepting connections") != std::string::npos; });
      break;
    case Proxy::scripted: {
      Script script;
      script.address = "192.0.2.2";
      script.proxy_response = setup;
      script.no_handshake = true;
      script.ending = Ending::hang_up;
      scripted_ = std::make_unique<ScriptedServer>(script);
      break;
    }
  }
}

std::uint16_t RunningProxy::port() const {
  return scripted_ ? scripted_->port() : kPort;
}

void RunningProxy::send_signal(int signal) {
  process_->send_signal(signal);
}

// Squid gives up root, and its helpers with it.
void RunningProxy::start_squid(const std::string& port_options, const std::string& setup) {
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
  // Only the proxy knows the cloud's name.
  write_file(directory_ / "hosts", "198.51.100.1 cloud.example\n2001:db8:1::1 cloud.example\n");
  write_file(directory_ / "passwords", "proxy:" + run_or_throw({"openssl", "passwd", "-apr1", kProxyPassword}));
  write_file(directory_ / "squid.conf", in_directory("http_port " + std::to_string(kPort) + port_options + "\n" +
                                                     kSquid + setup + "http_access allow all\n"));
  process_ = std::make_unique<BackgroundProcess>(
      std::vector<std::string>{"/usr/sbin/squid", "-N", "-d", "1", "-f", (directory_ / "squid.conf").string()});
  process_->wait_for_errors(
      [](const std::string& errors) { return errors.find("HTTP Socket connections at") != std::string::npos; });
}

void RunningProxy::make_ca(const std::filesystem::path& cloud_ca) {
  const std::string key = (directory_ / "proxy-ca.key").string();
  run_or_throw({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", key, "-out", ca_file().string(), "-subj", "/CN=Authority of the proxy", "-days", "30"});
  write_file(directory_ / "proxy-ca-with-key.pem", read_file(key) + read_file(ca_file()));
  write_file(directory_ / "cloud-ca.pem", read_file(cloud_ca));
  const std::string issued = (directory_ / "issued").string();
  run_or_throw({kCertgen, "-c", "-s", issued, "-M", "1MB"});
  run_or_throw({"chown", "-R", "proxy", issued});
}

std::string RunningProxy::in_directory(std::string setup) const {
  for (auto at = setup.find(kPlaceholder); at != std::string::npos; at = setup.find(kPlaceholder)) {
    setup.replace(at, std::string(kPlaceholder).size(), directory_.path().string());
  }
  return setup;
}

}  // namespace renewd::testing
