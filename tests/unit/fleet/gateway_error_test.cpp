// Each refusal of etcd's gateway, as etcd 3.4.23 has sent it, and as 3.6 writes it, and what it means.
#include "fleet/gateway_error.hpp"

#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::fleet;

namespace {

struct Refusal {
  unsigned status;
  std::string body;
  Unreachable reason;
  Reaction reaction;
};

std::string v34(std::string_view message, int code) {
  return R"({"error":")" + std::string(message) + R"(","message":")" + std::string(message) + R"(","code":)" +
         std::to_string(code) + "}";
}

std::string v36(std::string_view message, int code) {
  return R"({"code":)" + std::to_string(code) + R"(,"message":")" + std::string(message) + R"("})";
}

const std::vector<Refusal> kRefusals = {
    {400, v34("etcdserver: user name is empty", 3), Unreachable::auth, Reaction::authenticate},
    {401, v34("etcdserver: invalid auth token", 16), Unreachable::auth, Reaction::authenticate},
    {401, v36("etcdserver: invalid auth token", 16), Unreachable::auth, Reaction::authenticate},
    {400, v34("etcdserver: revision of auth store is old", 3), Unreachable::auth, Reaction::authenticate},
    {400, v34("etcdserver: authentication failed, invalid user ID or password", 3), Unreachable::auth,
     Reaction::wrong_password},
    {400, v36("etcdserver: authentication failed, invalid user ID or password", 3), Unreachable::auth,
     Reaction::wrong_password},
    {412, v34("etcdserver: authentication is not enabled", 9), Unreachable::auth, Reaction::authentication_off},
    {400, v36("etcdserver: authentication is not enabled", 9), Unreachable::auth, Reaction::authentication_off},
    {403, v34("etcdserver: permission denied", 7), Unreachable::permission, Reaction::none},
    {403, v36("etcdserver: permission denied", 7), Unreachable::permission, Reaction::none},
    {0, "rpc error: code = PermissionDenied desc = etcdserver: permission denied", Unreachable::permission,
     Reaction::none},
    {0, "rpc error: code = InvalidArgument desc = etcdserver: user name is empty", Unreachable::auth,
     Reaction::authenticate},
    {0, "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token", Unreachable::auth,
     Reaction::authenticate},
    {404, v34("etcdserver: requested lease not found", 5), Unreachable::bad_answer, Reaction::lease_gone},
    {404, "Not Found", Unreachable::gateway_off, Reaction::none},
    {405, "Method Not Allowed", Unreachable::gateway_off, Reaction::none},
    {400, "CommonName of client sending a request against gateway will be ignored and not used as expected",
     Unreachable::client_cn, Reaction::none},
    {400, "Client sent an HTTP request to an HTTPS server.", Unreachable::tls, Reaction::elsewhere},
    {400, v34("etcdserver: request is too large", 3), Unreachable::too_large, Reaction::none},
    {429, v34("etcdserver: mvcc: database space exceeded", 8), Unreachable::no_space, Reaction::none},
    {429, v34("etcdserver: too many requests", 8), Unreachable::timeout, Reaction::elsewhere},
    {429, v34("grpc: received message larger than max (3145740 vs. 2097152)", 8), Unreachable::too_large,
     Reaction::none},
    {503, v34("etcdserver: no leader", 14), Unreachable::no_leader, Reaction::elsewhere},
    {503, v34("etcdserver: request timed out", 14), Unreachable::timeout, Reaction::elsewhere},
    {500, v34("context deadline exceeded", 2), Unreachable::timeout, Reaction::elsewhere},
    {503, v34("use of closed network connection", 14), Unreachable::tls, Reaction::elsewhere},
    {502, "<html>Bad Gateway</html>", Unreachable::connect, Reaction::elsewhere},
    {200,
     R"({"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader",)"
     R"("http_status":"Service Unavailable"}})",
     Unreachable::no_leader, Reaction::elsewhere},
    {200, R"({"error":{"code":14,"message":"etcdserver: no leader"}})", Unreachable::no_leader, Reaction::elsewhere},
    {200,
     R"({"error":{"grpc_code":13,"http_code":500,"message":"server closed the stream without sending trailers",)"
     R"("http_status":"Internal Server Error"}})",
     Unreachable::connect, Reaction::elsewhere},
    {400, v34("unexpected EOF", 3), Unreachable::bad_answer, Reaction::none},
    {400, v34("etcdserver: mvcc: required revision has been compacted", 11), Unreachable::bad_answer, Reaction::none},
};

}  // namespace

TEST_CASE("knows each refusal of etcd, in both forms") {
  for (const Refusal& refusal : kRefusals) {
    INFO(refusal.status << " " << refusal.body);
    const Explained explained = explain(parse_error(refusal.status, refusal.body));
    CHECK(to_string(explained.error.reason) == to_string(refusal.reason));
    CHECK(static_cast<int>(explained.reaction) == static_cast<int>(refusal.reaction));
    CHECK_FALSE(explained.error.message.empty());
    CHECK_FALSE(explained.error.advice.empty());
  }
}

TEST_CASE("advice names what an operator runs or writes") {
  const auto advice = [](unsigned status, const std::string& body) {
    return explain(parse_error(status, body)).error.advice;
  };
  // As docs/fleet.md sets the user up.
  const std::string permission = advice(403, v34("etcdserver: permission denied", 7));
  CHECK_THAT(permission,
             ContainsSubstring("etcdctl role grant-permission renewd --prefix=true readwrite /gravitee-renewd/"));
  CHECK_THAT(permission, ContainsSubstring("etcdctl user grant-role renewd renewd"));
  CHECK_THAT(advice(400, v34("etcdserver: user name is empty", 3)), ContainsSubstring("set fleet.etcd.username"));
  CHECK_THAT(advice(400, "Client sent an HTTP request to an HTTPS server."), ContainsSubstring("https://"));
}

TEST_CASE("text from etcd is safe to print") {
  const Explained explained = explain(parse_error(500, "a\x1b[2J\nb" + std::string(1000, 'x')));
  CHECK(explained.error.message.find('\x1b') == std::string::npos);
  CHECK(explained.error.message.find('\n') == std::string::npos);
  CHECK(explained.error.message.size() < 300);
}

TEST_CASE("a successful response is no error") {
  CHECK_FALSE(begins_with_error(R"({"header":{"revision":"1"}})"));
  CHECK_FALSE(begins_with_error(R"({"result":{"ID":"1","TTL":"5"}})"));
  CHECK(begins_with_error(R"({"error":{"code":14,"message":"etcdserver: no leader"}})"));
}
