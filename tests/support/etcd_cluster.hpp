// A real etcd cluster beside a test: members on loopback ports of their own, with TLS, authentication on, and a user
// that sees only the daemon's prefix. For tests of the store, and of whole daemons. Each member can be killed, stopped
// and started again; members that still run end with the object. Needs the program etcd (package etcd-server).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "support/command.hpp"
#include "support/temporary_directory.hpp"
#include "unit/http/test_ca.hpp"

namespace renewd::testing {

struct EtcdOptions {
  std::size_t members = 3;
  std::string prefix = "/gravitee-renewd";
  bool tls = true;
  bool authentication = true;
  bool client_certificates = false;  // --client-cert-auth
  std::chrono::seconds token_life{300};
};

class EtcdCluster {
 public:
  // Serves when it returns.
  explicit EtcdCluster(EtcdOptions options = {});
  EtcdCluster(const EtcdCluster&) = delete;
  EtcdCluster& operator=(const EtcdCluster&) = delete;
  ~EtcdCluster();

  // Whether etcd is installed; if not, says on standard error that the test is skipped.
  static bool is_installed();

  // "https://127.0.0.1:PORT", or "http:…" without TLS
  const std::vector<std::string>& endpoints() const { return endpoints_; }
  // For a proxy in between.
  std::uint16_t port(std::size_t member) const;
  std::filesystem::path ca_file() const { return ca_.file(); }
  // Certificate and key in one PEM file, without a common name, as the daemon needs it.
  std::filesystem::path client_certificate() const { return ca_.path("client.pem"); }
  std::filesystem::path client_certificate_with_name() const { return ca_.path("named-client.pem"); }
  std::string user() const { return "renewd"; }
  std::string password() const { return "renewd-password-6sGh2"; }

  // --- Faults

  void kill(std::size_t member);    // SIGKILL
  void stop(std::size_t member);    // SIGTERM, and waits for the end
  void pause(std::size_t member);   // SIGSTOP
  void resume(std::size_t member);  // SIGCONT
  // Starts a member that was killed or stopped, with its data, and waits until it answers.
  void start(std::size_t member);
  std::size_t leader();
  void compact(std::int64_t revision);
  void set_password(const std::string& password);
  void grant(bool permission);  // the user's on the prefix
  void enable_authentication(bool on);

  // A call as root at the first member that runs. Throws unless etcd accepts it.
  boost::json::object post(std::string_view path, const boost::json::object& body);

  // Whether the files of any member, its write-ahead log among them, contain the text.
  bool has_in_files(std::string_view text) const;

 private:
  struct Member;

  void issue_certificates();
  void launch(std::size_t member);
  void wait_until_healthy();
  void set_up_users();
  boost::json::object post_to(std::size_t member, std::string_view path, const boost::json::object& body);

  EtcdOptions options_;
  TestCa ca_;
  TemporaryDirectory directory_;
  std::vector<std::string> endpoints_;
  std::vector<std::unique_ptr<Member>> members_;
  std::string root_token_;
};

}  // namespace renewd::testing
