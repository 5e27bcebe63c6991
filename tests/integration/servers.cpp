#include "servers.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace renewd::testing {
namespace {

using boost::asio::ip::tcp;

std::uint16_t free_port() {
  boost::asio::io_context io;
  const tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  return acceptor.local_endpoint().port();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

LoopbackServer::LoopbackServer() : port_(free_port()) {}

std::unique_ptr<BackgroundProcess> LoopbackServer::start_nginx(const std::string& http, const std::string& server) {
  const std::string directory = directory_.path().string();
  std::string temporary;
  for (const std::string kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    temporary += kind + "_temp_path " + directory + "/" + kind + "; ";
  }
  write_file(directory_ / "nginx.conf", "daemon off; master_process off; pid " + directory +
                                            "/pid; error_log stderr notice;\nevents {}\nhttp {\n" + temporary + http +
                                            "\n  server {\n" + server + "\n  }\n}\n");
  auto process = std::make_unique<BackgroundProcess>(
      std::vector<std::string>{"nginx", "-p", directory, "-e", "stderr", "-c", directory + "/nginx.conf"});
  // Said after the sockets are open.
  process->wait_for_errors([](const std::string& errors) { return contains(errors, "event method"); });
  return process;
}

Nginx::Nginx(const Simulator& identity, const std::string& client_authorities) {
  write_file(directory_ / "client-ca.pem", client_authorities);
  process_ = start_nginx("access_log off;", "listen 127.0.0.1:" + std::to_string(port_) +
                                                " ssl;\n"
                                                "    ssl_certificate " +
                                                identity.server_certificate().string() +
                                                ";\n"
                                                "    ssl_certificate_key " +
                                                identity.server_key().string() +
                                                ";\n"
                                                "    ssl_verify_client on;\n"
                                                "    ssl_client_certificate " +
                                                (directory_ / "client-ca.pem").string() +
                                                ";\n"
                                                "    location / { return 200 \"$ssl_client_verify "
                                                "$ssl_client_s_dn\\n\"; }");
}

HealthCheck::HealthCheck(const std::string& credentials) {
  process_ = start_nginx("log_format status \"answered $status\"; access_log /dev/stdout status;",
                         "listen 127.0.0.1:" + std::to_string(port_) +
                             ";\n"
                             "    if ($http_authorization != \"Basic " +
                             credentials +
                             "\") { return 401; }\n"
                             "    if (!-f " +
                             (directory_ / "healthy").string() +
                             ") { return 500 '{\"repository\":{\"healthy\":false}}'; }\n"
                             "    location / { return 200 '{\"repository\":{\"healthy\":true}}'; }");
}

void HealthCheck::recover() {
  write_file(directory_ / "healthy", "");
}

void HealthCheck::wait_for_answer(int status) {
  process_->wait_for_output(
      [&](const std::string& output) { return contains(output, "answered " + std::to_string(status)); });
}

Tinyproxy::Tinyproxy(const std::string& user, const std::string& password) {
  write_file(directory_ / "tinyproxy.conf", "Listen 127.0.0.1\nPort " + std::to_string(port_) +
                                                "\nTimeout 60\nMaxClients 10\nLogLevel Info\nAllow 127.0.0.1\n"
                                                "BasicAuth " +
                                                user + " " + password + "\n");
  process_ = std::make_unique<BackgroundProcess>(
      std::vector<std::string>{"tinyproxy", "-d", "-c", (directory_ / "tinyproxy.conf").string()});
  wait_for_log("Accepting connections");
}

std::string Tinyproxy::wait_for_log(const std::string& text) {
  return process_->wait_for_output([&](const std::string& output) { return contains(output, text); });
}

}  // namespace renewd::testing
