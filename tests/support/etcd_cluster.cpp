#include "support/etcd_cluster.hpp"

#include <signal.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <random>
#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json.hpp>

#include "fleet/base64.hpp"
#include "fleet/gateway_json.hpp"
#include "http/https_client.hpp"
#include "support/wait_until.hpp"
#include "unit/http/event_loop.hpp"

namespace renewd::testing {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr const char* kRootPassword = "root-password-2vXk8";

// Not one that the kernel chooses: it might give the same to somebody's connection before etcd listens.
std::uint16_t free_port(asio::io_context& io, std::vector<std::unique_ptr<asio::ip::tcp::acceptor>>& held) {
  static std::mt19937 random{std::random_device()()};
  std::uniform_int_distribution<std::uint16_t> ports(12000, 31999);
  for (;;) {
    auto acceptor = std::make_unique<asio::ip::tcp::acceptor>(io, asio::ip::tcp::v4());
    boost::system::error_code error;
    acceptor->bind({asio::ip::address_v4::loopback(), ports(random)}, error);
    if (!error) {
      held.push_back(std::move(acceptor));
      return held.back()->local_endpoint().port();
    }
  }
}

std::string address(std::string_view scheme, std::uint16_t port) {
  return std::string(scheme) + "://127.0.0.1:" + std::to_string(port);
}

void copy_file_to(const std::filesystem::path& from, const std::filesystem::path& to) {
  write_file(to, read_file(from));
}

json::object range_of(const std::string& prefix) {
  return {{"key", fleet::encode_base64(prefix)}, {"range_end", fleet::encode_base64(fleet::end_of_prefix(prefix))}};
}

}  // namespace

struct EtcdCluster::Member {
  Member(std::uint16_t client, std::uint16_t peer) : client_port(client), peer_port(peer) {}

  std::uint16_t client_port;
  std::uint16_t peer_port;
  std::optional<BackgroundProcess> process = std::nullopt;
};

bool EtcdCluster::is_installed() {
  if (have_program("etcd")) {
    return true;
  }
  std::fputs("skipped: etcd is not installed (package etcd-server)\n", stderr);
  return false;
}

EtcdCluster::EtcdCluster(EtcdOptions options) : options_(std::move(options)) {
  issue_certificates();
  asio::io_context io;
  {
    std::vector<std::unique_ptr<asio::ip::tcp::acceptor>> held;  // so that no port comes twice
    for (std::size_t i = 0; i < options_.members; ++i) {
      members_.push_back(std::make_unique<Member>(free_port(io, held), free_port(io, held)));
      endpoints_.push_back(address(options_.tls ? "https" : "http", members_.back()->client_port));
    }
  }
  for (std::size_t i = 0; i < options_.members; ++i) {
    launch(i);
  }
  wait_until_healthy();
  if (options_.authentication) {
    set_up_users();
  }
}

EtcdCluster::~EtcdCluster() = default;

void EtcdCluster::issue_certificates() {
  const std::string names = "DNS:localhost,IP:127.0.0.1";
  copy_file_to(ca_.issue(names, 30, "/O=etcd"), ca_.path("etcd.pem"));
  copy_file_to(ca_.issue("", 30, "/O=gravitee-renewd"), client_certificate());
  copy_file_to(ca_.issue("", 30, "/CN=renewd"), client_certificate_with_name());
}

void EtcdCluster::launch(std::size_t member) {
  const Member& self = *members_[member];
  const auto name = [](std::size_t i) { return "etcd-" + std::to_string(i); };
  std::string cluster;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    cluster += (i == 0 ? "" : ",") + name(i) + "=" + address("http", members_[i]->peer_port);
  }
  const std::string data = directory_ / name(member);
  const std::string certificate = ca_.path("etcd.pem");
  // Its log goes to a file: nobody reads a pipe while the test does something else. It ends with the test.
  std::vector<std::string> argv{"/bin/sh",
                                "-c",
                                "exec setpriv --pdeathsig KILL \"$@\" >>\"$0\" 2>&1",
                                data + ".log",
                                "etcd",
                                "--name",
                                name(member),
                                "--data-dir",
                                data,
                                "--listen-client-urls",
                                endpoints_[member],
                                "--advertise-client-urls",
                                endpoints_[member],
                                "--listen-peer-urls",
                                address("http", self.peer_port),
                                "--initial-advertise-peer-urls",
                                address("http", self.peer_port),
                                "--initial-cluster",
                                cluster,
                                "--bcrypt-cost",
                                "4",
                                "--auth-token-ttl",
                                std::to_string(options_.token_life.count()),
                                "--logger",
                                "zap",
                                "--log-level",
                                "warn"};
  if (options_.tls) {
    argv.insert(argv.end(), {"--cert-file", certificate, "--key-file", certificate});
  }
  if (options_.client_certificates) {
    argv.insert(argv.end(), {"--client-cert-auth", "--trusted-ca-file", ca_file().string()});
  }
  members_[member]->process.emplace(argv);
}

json::object EtcdCluster::post_to(std::size_t member, std::string_view path, const json::object& body) {
  asio::io_context io;
  configuration::HttpSettings settings;
  settings.ca_file = ca_file();
  http::ClientOptions client_options;
  if (options_.client_certificates) {
    client_options.certificate = http::ClientCertificate{client_certificate(), client_certificate()};
  }
  http::HttpsClient client(io.get_executor(), settings, client_options);
  http::HttpRequest request{"POST", endpoints_[member] + std::string(path), {}, std::nullopt, json::serialize(body)};
  if (!root_token_.empty()) {
    request.authorization = Secret(root_token_);
  }
  const auto response = run_in(io, client.send(std::move(request)));
  if (!response) {
    throw std::runtime_error(response.error().message);
  }
  if (response->status != 200) {
    throw std::runtime_error(std::string(path) + ": " + response->body);
  }
  return json::parse(response->body).as_object();
}

json::object EtcdCluster::post(std::string_view path, const json::object& body) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i]->process) {
      return post_to(i, path, body);
    }
  }
  throw std::runtime_error("no member of etcd runs");
}

// Each running member knows a leader.
void EtcdCluster::wait_until_healthy() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!members_[i]->process) {
      continue;
    }
    wait_until([&] {
      try {
        return post_to(i, "/v3/maintenance/status", {}).contains("leader");
      } catch (const std::exception&) {
        return false;  // not yet
      }
    });
  }
}

void EtcdCluster::set_up_users() {
  post("/v3/auth/user/add", {{"name", "root"}, {"password", kRootPassword}});
  post("/v3/auth/user/grant", {{"user", "root"}, {"role", "root"}});
  post("/v3/auth/role/add", {{"name", user()}});
  post("/v3/auth/user/add", {{"name", user()}, {"password", password()}});
  post("/v3/auth/user/grant", {{"user", user()}, {"role", user()}});
  grant(true);
  enable_authentication(true);
}

void EtcdCluster::grant(bool permission) {
  const json::object range = range_of(options_.prefix + "/");
  if (permission) {
    json::object allowed = range;
    allowed["permType"] = "READWRITE";
    post("/v3/auth/role/grant", {{"name", user()}, {"perm", allowed}});
  } else {
    json::object revoked = range;
    revoked["role"] = user();
    post("/v3/auth/role/revoke", revoked);
  }
}

void EtcdCluster::enable_authentication(bool on) {
  post(on ? "/v3/auth/enable" : "/v3/auth/disable", {});
  root_token_.clear();
  if (on) {
    const auto answer = post("/v3/auth/authenticate", {{"name", "root"}, {"password", kRootPassword}});
    root_token_ = answer.at("token").as_string();
  }
}

void EtcdCluster::set_password(const std::string& password) {
  post("/v3/auth/user/changepw", {{"name", user()}, {"password", password}});
}

std::uint16_t EtcdCluster::port(std::size_t member) const {
  return members_[member]->client_port;
}

void EtcdCluster::kill(std::size_t member) {
  members_[member]->process.reset();
}

void EtcdCluster::stop(std::size_t member) {
  members_[member]->process->send_signal(SIGTERM);
  members_[member]->process->wait();
  members_[member]->process.reset();
}

void EtcdCluster::pause(std::size_t member) {
  members_[member]->process->send_signal(SIGSTOP);
}

void EtcdCluster::resume(std::size_t member) {
  members_[member]->process->send_signal(SIGCONT);
}

void EtcdCluster::start(std::size_t member) {
  launch(member);
  wait_until_healthy();
}

std::size_t EtcdCluster::leader() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i]->process) {
      const json::object status = post_to(i, "/v3/maintenance/status", {});
      const auto* const leader = status.if_contains("leader");
      if (leader != nullptr && *leader == status.at("header").at("member_id")) {
        return i;
      }
    }
  }
  throw std::runtime_error("etcd has no leader");
}

void EtcdCluster::compact(std::int64_t revision) {
  post("/v3/kv/compaction", {{"revision", std::to_string(revision)}, {"physical", true}});
}

bool EtcdCluster::has_in_files(std::string_view text) const {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
    if (entry.is_regular_file() && read_file(entry.path()).find(text) != std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace renewd::testing
