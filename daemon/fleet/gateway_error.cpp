#include "fleet/gateway_error.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::fleet {
namespace {

namespace json = boost::json;

// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
constexpr int kGrpcNotFound = 5;
constexpr int kGrpcPermissionDenied = 7;
constexpr int kGrpcResourceExhausted = 8;
constexpr int kGrpcUnavailable = 14;
constexpr int kGrpcUnauthenticated = 16;

bool mentions(const GatewayError& error, std::string_view text) {
  return error.message.find(text) != std::string::npos;
}

Explained refused_as(Unreachable reason, std::string message, Reaction reaction = Reaction::none) {
  return {store_error(reason, std::move(message)), reaction};
}

Explained with_advice(Explained explained, std::string advice) {
  explained.error.advice = std::move(advice);
  return explained;
}

Explained unavailable(const GatewayError& error, std::string message) {
  if (mentions(error, "no leader")) {
    return {store_error(Unreachable::no_leader, std::move(message)), Reaction::elsewhere};
  }
  if (mentions(error, "timed out") || mentions(error, "deadline exceeded")) {
    return {store_error(Unreachable::timeout, std::move(message)), Reaction::elsewhere};
  }
  if (mentions(error, "use of closed network connection")) {
    return with_advice(refused_as(Unreachable::tls, std::move(message), Reaction::elsewhere),
                       "etcd's gateway cannot connect to its own server: with --client-cert-auth, the server's "
                       "certificate also needs the extended key usage clientAuth");
  }
  return {store_error(Unreachable::connect, std::move(message)), Reaction::elsewhere};
}

}  // namespace

StoreError store_error(Unreachable reason, std::string message) {
  return {reason, std::move(message), std::string(advice_on(reason))};
}

GatewayError parse_error(unsigned http_status, std::string_view body) {
  GatewayError parsed{http_status, -1, std::string(trimmed(body))};
  boost::system::error_code failed;
  const json::value value = json::parse(body, failed);
  const json::object* object = failed ? nullptr : value.if_object();
  if (object == nullptr) {
    return parsed;
  }
  // In a stream, the error is an object; elsewhere in 3.4, a copy of the message.
  if (const auto* const inner = object->if_contains("error"); inner != nullptr && inner->is_object()) {
    object = &inner->get_object();
  }
  for (const std::string_view name : {"grpc_code", "code"}) {
    const auto* const code = object->if_contains(name);
    if (code != nullptr && code->is_int64()) {
      parsed.code = static_cast<int>(code->get_int64());
      break;
    }
  }
  if (const auto* const status = object->if_contains("http_code"); status != nullptr && status->is_int64()) {
    parsed.http_status = static_cast<unsigned>(status->get_int64());
  }
  if (const auto* const message = object->if_contains("message"); message != nullptr && message->is_string()) {
    parsed.message = message->get_string();
  }
  return parsed;
}

bool begins_with_error(std::string_view body) {
  return trimmed(body).starts_with(R"({"error")");
}

Explained explain(const GatewayError& error) {
  std::string message = error.http_status == 0
                            ? printable(error.message)
                            : fmt::format("HTTP {}: {}", error.http_status, printable(error.message));
  if (error.http_status == 400 && mentions(error, "CommonName of client sending a request against gateway")) {
    return refused_as(Unreachable::client_cn, std::move(message));
  }
  if (error.http_status == 400 && mentions(error, "HTTP request to an HTTPS server")) {
    return with_advice(refused_as(Unreachable::tls, std::move(message), Reaction::elsewhere),
                       "write https:// in fleet.etcd.endpoints");
  }
  if (mentions(error, "user name is empty")) {
    return with_advice(refused_as(Unreachable::auth, std::move(message), Reaction::authenticate),
                       "etcd's authentication is enabled: set fleet.etcd.username and fleet.etcd.password "
                       "(/usr/share/doc/gravitee-renewd/docs/fleet.md, \"The user\")");
  }
  // By text, too: these have had several codes.
  if (error.code == kGrpcUnauthenticated || error.http_status == 401 || mentions(error, "invalid auth token") ||
      mentions(error, "revision of auth store is old")) {
    return refused_as(Unreachable::auth, std::move(message), Reaction::authenticate);
  }
  if (mentions(error, "authentication failed")) {
    return refused_as(Unreachable::auth, std::move(message), Reaction::wrong_password);
  }
  if (error.code == kGrpcPermissionDenied || mentions(error, "permission denied")) {
    return refused_as(Unreachable::permission, std::move(message));
  }
  if (mentions(error, "authentication is not enabled")) {
    return refused_as(Unreachable::auth, std::move(message), Reaction::authentication_off);
  }
  if (error.code == kGrpcNotFound && mentions(error, "lease not found")) {
    return refused_as(Unreachable::bad_answer, std::move(message), Reaction::lease_gone);
  }
  if (error.code == -1 && (error.http_status == 404 || error.http_status == 405)) {
    return refused_as(Unreachable::gateway_off, std::move(message));
  }
  if (mentions(error, "database space exceeded")) {
    return refused_as(Unreachable::no_space, std::move(message));
  }
  if (mentions(error, "request is too large") || mentions(error, "larger than max")) {
    return refused_as(Unreachable::too_large, std::move(message));
  }
  if (error.code == kGrpcResourceExhausted) {
    return refused_as(Unreachable::timeout, std::move(message), Reaction::elsewhere);  // too many requests
  }
  if (error.code == kGrpcUnavailable || error.http_status >= 500) {
    return unavailable(error, std::move(message));
  }
  return refused_as(Unreachable::bad_answer, std::move(message));
}

std::string_view advice_on(Unreachable reason) {
  switch (reason) {
    case Unreachable::dns:
      return "check the host names in fleet.etcd.endpoints, and this host's name servers";
    case Unreachable::connect:
      return "check that etcd runs there, and that no firewall is in between: on that host, systemctl status etcd";
    case Unreachable::tls:
      return "check that fleet.etcd.ca_file has the CA of etcd's certificate, that the certificate names the host in "
             "fleet.etcd.endpoints, and that etcd trusts fleet.etcd.cert_file, if it demands a client certificate";
    case Unreachable::timeout:
      return "check that etcd runs there and is not overloaded, and that no firewall drops its packets: "
             "etcdctl endpoint health --cluster";
    case Unreachable::no_leader:
      return "most members of etcd are down, or cannot reach each other: etcdctl endpoint health --cluster";
    case Unreachable::auth:
      return "check fleet.etcd.username and fleet.etcd.password; as etcd's root, etcdctl user passwd renewd sets the "
             "password of the user renewd";
    case Unreachable::permission:
      return "fleet.etcd.username needs a role with readwrite on all keys below fleet.etcd.prefix; as etcd's root, "
             "with "
             "the names of /usr/share/doc/gravitee-renewd/docs/fleet.md: etcdctl role grant-permission renewd "
             "--prefix=true readwrite /gravitee-renewd/ (with the slash at the end), and etcdctl user grant-role "
             "renewd "
             "renewd";
    case Unreachable::gateway_off:
      return "check that fleet.etcd.endpoints are etcd's client URLs, that etcd is 3.4 or later, and that its JSON "
             "gateway is not switched off (--enable-grpc-gateway=false)";
    case Unreachable::client_cn:
      return "while authentication is enabled, etcd's gateway accepts only client certificates without a common name "
             "(CN): issue such a one for fleet.etcd.cert_file (/usr/share/doc/gravitee-renewd/docs/fleet.md, \"Client "
             "certificates\")";
    case Unreachable::too_large:
      return "raise etcd's --max-request-bytes above 2 MiB, or use another prefix, if other keys fill this one";
    case Unreachable::no_space:
      return "etcd's database is full, and it takes no writes: compact and defragment it, or raise "
             "--quota-backend-bytes; then run etcdctl alarm disarm";
    case Unreachable::bad_answer:
      return "find out what answers at fleet.etcd.endpoints: it may be something other than etcd, or an etcd that this "
             "version does not know";
    case Unreachable::cancelled:
      return "";
  }
  return "";
}

}  // namespace renewd::fleet
