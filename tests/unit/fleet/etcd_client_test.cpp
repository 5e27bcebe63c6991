// EtcdStore and servers that behave as etcd's gateway may: refuse tokens, close connections, stay silent.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include "fleet/etcd_store.hpp"
#include "unit/http/fixture.hpp"

using namespace renewd;
using namespace renewd::testing;
using fleet::Unreachable;

namespace {

const std::string kEmpty = R"({"header":{"cluster_id":"1","revision":"5"}})";
const std::string kSucceeded = R"({"header":{"cluster_id":"1","revision":"6"},"succeeded":true})";
const std::string kToken = R"({"header":{"revision":"5"},"token":"NZvJIkEtiwIhqhDD.33"})";
const std::string kBadToken = R"({"error":"etcdserver: invalid auth token","message":"etcdserver: invalid auth token",)"
                              R"("code":16})";

std::string response(unsigned status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

std::string chunk(const std::string& text) {
  char size[20];
  std::snprintf(size, sizeof(size), "%zx\r\n", text.size());
  return size + text + "\r\n";
}

// "/v3/kv/range"
std::string path_of(const std::string& request) {
  const auto begin = request.find(' ') + 1;
  return request.substr(begin, request.find(' ', begin) - begin);
}

struct EtcdFixture : Fixture {
  using Replies = std::function<Reply(const std::string& path, const std::string& request)>;

  EtcdFixture() {
    limits.connect = std::chrono::seconds(60);
    limits.call = std::chrono::seconds(60);
    etcd.ca_file = ca.file();
    certificate = ca.issue(kLoopbackNames);
  }

  // Adds an endpoint.
  TestServer& member(Replies replies) {
    Script script;
    script.certificate = certificate;
    script.reply = [replies = std::move(replies)](const std::string& request) {
      return replies(path_of(request), request);
    };
    members.push_back(std::make_unique<TestServer>(io, std::move(script)));
    etcd.endpoints.push_back("https://localhost:" + std::to_string(members.back()->port()));
    return *members.back();
  }

  void use_password() {
    etcd.username = "renewd";
    etcd.password = SecretSource{SecretSource::Kind::value, "", Secret("hunter2")};
  }

  fleet::EtcdStore& store() {
    if (!store_) {
      // So that the first endpoint is the first.
      std::string host = "a";
      while (fleet::EtcdSession(io.get_executor(), etcd, host, limits).current() != 0) {
        host += "a";
      }
      store_ = std::make_unique<fleet::EtcdStore>(io.get_executor(), etcd, host, limits);
    }
    return *store_;
  }

  void forget_store() { store_.reset(); }

  std::string read() {
    const auto result = run_in(io, store().read("/p/"));
    last_error = result ? fleet::StoreError() : result.error();
    return result ? std::string("ok") : std::string(to_string(last_error.reason));
  }
  std::string commit(bool leased = false) {
    const auto result = run_in(io, store().commit({{{"/p/a", 1}}, {{"/p/a", "x", leased}}, "/p/"}));
    last_error = result ? fleet::StoreError() : result.error();
    return result ? std::string(result->succeeded ? "ok" : "failed") : std::string(to_string(last_error.reason));
  }
  std::string watch(fleet::Revision first = 6) {
    last_error = run_in(
        io, store().watch("/p/", first, [this](const fleet::Changes& changes) { seen.push_back(changes.revision); }));
    return std::string(to_string(last_error.reason));
  }

  configuration::EtcdSettings etcd;
  fleet::EtcdLimits limits;
  std::filesystem::path certificate;
  std::vector<std::unique_ptr<TestServer>> members;
  fleet::StoreError last_error;
  std::vector<fleet::Revision> seen;

 private:
  std::unique_ptr<fleet::EtcdStore> store_;
};

EtcdFixture::Replies always(const Reply& reply) {
  return [reply](const std::string&, const std::string&) { return reply; };
}

}  // namespace

TEST_CASE("sends what etcd's gateway needs, and the token as it is") {
  EtcdFixture fixture;
  fixture.use_password();
  TestServer& server = fixture.member([](const std::string& path, const std::string&) {
    return Reply{response(200, path == "/v3/auth/authenticate" ? kToken : kEmpty)};
  });
  REQUIRE(fixture.read() == "ok");
  REQUIRE(fixture.read() == "ok");
  REQUIRE(server.requests().size() == 3);
  const std::string& authentication = server.requests()[0];
  CHECK(path_of(authentication) == "/v3/auth/authenticate");
  CHECK(authentication.find("Authorization") == std::string::npos);
  for (std::size_t i = 1; i < 3; ++i) {
    const std::string& request = server.requests()[i];
    CHECK_THAT(request, StartsWith("POST /v3/kv/range HTTP/1.1\r\n"));
    CHECK_THAT(request, ContainsSubstring("\r\nAuthorization: NZvJIkEtiwIhqhDD.33\r\n"));
    CHECK_THAT(request, ContainsSubstring("\r\nAccept: */*\r\n"));
    CHECK_THAT(request, ContainsSubstring("\r\nGrpc-Metadata-hasleader: true\r\n"));
  }
}

TEST_CASE("a token that etcd does not know is replaced once, for a transaction, too") {
  EtcdFixture fixture;
  fixture.use_password();
  int tokens = 0;
  TestServer& server = fixture.member([&](const std::string& path, const std::string& request) {
    if (path == "/v3/auth/authenticate") {
      return Reply{response(200, R"({"token":"token-)" + std::to_string(++tokens) + R"("})")};
    }
    const bool known = request.find("token-2") != std::string::npos;
    return Reply{known ? response(200, path == "/v3/kv/txn" ? kSucceeded : kEmpty) : response(401, kBadToken)};
  });
  CHECK((GENERATE(true, false) ? fixture.read() : fixture.commit()) == "ok");
  CHECK(server.requests().size() == 4);
  CHECK(fixture.store().failures().empty());
}

TEST_CASE("what etcd repeats of the token or the password is not shown") {
  EtcdFixture fixture;
  fixture.use_password();
  bool refuse_password = false;
  fixture.member([&](const std::string& path, const std::string&) {
    if (path == "/v3/auth/authenticate" && !refuse_password) {
      return Reply{response(200, kToken)};
    }
    return Reply{response(403, R"({"code":7,"message":"permission denied: NZvJIkEtiwIhqhDD.33 hunter2"})")};
  });
  CHECK(fixture.read() == "permission");
  CHECK_THAT(fixture.last_error.message, ContainsSubstring("[token]") && !ContainsSubstring("NZvJIkEtiwIhqhDD"));
  refuse_password = true;
  fixture.forget_store();
  CHECK(fixture.read() == "permission");
  CHECK_THAT(fixture.last_error.message, ContainsSubstring("[password]") && !ContainsSubstring("hunter2"));
}

TEST_CASE("authenticates once, not for ever") {
  EtcdFixture fixture;
  fixture.use_password();
  TestServer& server = fixture.member([](const std::string& path, const std::string&) {
    return Reply{path == "/v3/auth/authenticate" ? response(200, kToken) : response(401, kBadToken)};
  });
  CHECK(fixture.read() == "auth");
  CHECK(server.requests().size() == 4);
  CHECK(fixture.store().failures() == std::vector<std::pair<Unreachable, std::uint64_t>>{{Unreachable::auth, 1}});
}

TEST_CASE("a connection that is closed without a response may be about the token") {
  EtcdFixture fixture;
  fixture.use_password();
  bool close = false;
  int transactions = 0;
  TestServer& server = fixture.member([&](const std::string& path, const std::string&) {
    if (path == "/v3/auth/authenticate") {
      close = false;
      return Reply{response(200, kToken)};
    }
    transactions += path == "/v3/kv/txn" ? 1 : 0;
    return close ? Reply{"", Ending::hang_up} : Reply{response(200, path == "/v3/kv/txn" ? kSucceeded : kEmpty)};
  });
  REQUIRE(fixture.read() == "ok");
  close = true;
  SECTION("a read authenticates and is repeated") {
    CHECK(fixture.read() == "ok");
    CHECK(server.requests().size() == 5);
  }
  SECTION("a transaction may have been received, and is not repeated") {
    CHECK(fixture.commit() == "connect");
    CHECK(transactions == 1);
    CHECK(fixture.commit() == "ok");  // with a new token
  }
}

TEST_CASE("without authentication in etcd, goes on without a token") {
  EtcdFixture fixture;
  fixture.use_password();
  TestServer& server = fixture.member([](const std::string& path, const std::string& request) {
    if (path == "/v3/auth/authenticate") {
      return Reply{response(412, R"({"error":"etcdserver: authentication is not enabled","message":)"
                                 R"("etcdserver: authentication is not enabled","code":9})")};
    }
    return Reply{response(request.find("Authorization") == std::string::npos ? 200 : 401, kEmpty)};
  });
  CHECK(fixture.read() == "ok");
  CHECK(fixture.read() == "ok");
  CHECK(server.requests().size() == 3);
}

TEST_CASE("a read tries each endpoint once, and stays with the one that works") {
  EtcdFixture fixture;
  TestServer& first = fixture.member(always({response(503, R"({"code":14,"message":"etcdserver: no leader"})")}));
  TestServer& second = fixture.member(always({"", Ending::hang_up}));
  TestServer& third = fixture.member(always({response(200, kEmpty)}));
  CHECK(fixture.read() == "ok");
  CHECK(fixture.read() == "ok");
  CHECK(first.requests().size() == 1);
  CHECK(second.requests().size() == 1);
  CHECK(third.requests().size() == 2);
}

TEST_CASE("a read returns an error after one round") {
  EtcdFixture fixture;
  TestServer& first = fixture.member(always({response(500, "{}")}));
  TestServer& second =
      fixture.member(always({response(503, R"({"code":14,"message":"etcdserver: request timed out"})")}));
  CHECK(fixture.read() == "timeout");
  CHECK(first.requests().size() == 1);
  CHECK(second.requests().size() == 1);
}

TEST_CASE("a transaction goes to another endpoint only if etcd has not received it") {
  EtcdFixture fixture;
  SECTION("refused connection") {
    fixture.etcd.endpoints.emplace_back("https://localhost:1");
    TestServer& server = fixture.member(always({response(200, kSucceeded)}));
    CHECK(fixture.commit() == "ok");
    CHECK(server.requests().size() == 1);
  }
  SECTION("a timeout of etcd") {
    fixture.member(always({response(503, R"({"code":14,"message":"etcdserver: request timed out"})")}));
    TestServer& second = fixture.member(always({response(200, kSucceeded)}));
    CHECK(fixture.commit() == "timeout");
    CHECK(second.requests().empty());
    CHECK(fixture.commit() == "ok");  // begins there
  }
  SECTION("a connection that ends without a response") {
    fixture.member(always({"", GENERATE(Ending::hang_up, Ending::reset)}));
    TestServer& second = fixture.member(always({response(200, kSucceeded)}));
    CHECK(fixture.commit() == "connect");
    CHECK(second.requests().empty());
  }
  SECTION("silence") {
    fixture.limits.call = std::chrono::seconds(1);
    TestServer& first = fixture.member(always({"", Ending::silence}));
    TestServer& second = fixture.member(always({response(200, kSucceeded)}));
    CHECK(fixture.commit() == "timeout");
    CHECK(second.requests().empty());
    fixture.io.restart();
    fixture.io.run_one_for(std::chrono::seconds(60));
    CHECK(first.was_reset());
  }
}

TEST_CASE("a call that is cancelled ends at once, and goes nowhere else") {
  EtcdFixture fixture;
  boost::asio::cancellation_signal signal;
  TestServer& first = fixture.member([&](const std::string&, const std::string&) {
    signal.emit(boost::asio::cancellation_type::terminal);
    return Reply{"", Ending::silence};
  });
  TestServer& second = fixture.member(always({response(200, kEmpty)}));
  const auto result = run_in(fixture.io, fixture.store().read("/p/"), signal.slot());
  REQUIRE_FALSE(result);
  CHECK(to_string(result.error().reason) == "cancelled");
  CHECK(fixture.store().failures().empty());
  CHECK(first.requests().size() == 1);
  CHECK(second.requests().empty());
}

TEST_CASE("a transaction that compares nothing is not sent") {
  EtcdFixture fixture;
  TestServer& server = fixture.member(always({response(200, kSucceeded)}));
  CHECK_FALSE(run_in(fixture.io, fixture.store().commit({{}, {{"/p/a", "x", false}}, "/p/"})).has_value());
  CHECK(server.connections() == 0);
}

TEST_CASE("a refusal is final: no other endpoint is asked") {
  EtcdFixture fixture;
  const auto [status, body, reason] = GENERATE(values<std::tuple<unsigned, std::string, std::string>>(
      {{403, R"({"code":7,"message":"etcdserver: permission denied"})", "permission"},
       {404, "Not Found", "gateway_off"},
       {400, "CommonName of client sending a request against gateway will be ignored and not used as expected",
        "client_cn"},
       {400, R"({"code":3,"message":"etcdserver: request is too large"})", "too_large"},
       {400, R"({"code":3,"message":"etcdserver: user name is empty"})", "auth"}}));
  fixture.member(always({response(status, body)}));
  TestServer& second = fixture.member(always({response(200, kEmpty)}));
  CHECK(fixture.read() == reason);
  CHECK_FALSE(fixture.last_error.advice.empty());
  CHECK(second.requests().empty());
}

TEST_CASE("a response over the limit is an error, and not read to its end") {
  EtcdFixture fixture;
  fixture.member(always({response(200, std::string(fleet::kResponseLimit + 1, ' '))}));
  CHECK(fixture.read() == "too_large");
}

TEST_CASE("advice on TLS is about etcd's settings") {
  EtcdFixture fixture;
  fixture.member(always({response(200, kEmpty)}));
  const TestCa other;
  fixture.etcd.ca_file = other.file();
  CHECK(fixture.read() == "tls");
  CHECK_THAT(fixture.last_error.advice, ContainsSubstring("fleet.etcd.ca_file") && !ContainsSubstring("http.ca_file"));
  CHECK(fixture.last_error.message.find("http.") == std::string::npos);
}

TEST_CASE("a lost lease is granted again") {
  EtcdFixture fixture;
  int granted = 0;
  TestServer& server = fixture.member([&](const std::string& path, const std::string& request) {
    if (path == "/v3/lease/grant") {
      return Reply{response(200, R"({"header":{},"ID":")" + std::to_string(++granted) + R"(","TTL":"60"})")};
    }
    const bool lost = request.find(R"("lease":"1")") != std::string::npos;
    return Reply{lost ? response(404, R"({"message":"etcdserver: requested lease not found","code":5})")
                      : response(200, kSucceeded)};
  });
  CHECK(fixture.commit(true) == "ok");
  CHECK(granted == 2);
  CHECK(server.requests().size() == 4);
  CHECK(fixture.commit(true) == "ok");  // with the same lease
  CHECK(granted == 2);
}

TEST_CASE("a watch ends with what etcd says, although etcd leaves it open") {
  EtcdFixture fixture;
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string created = R"({"result":{"header":{"cluster_id":"1","revision":"5"},"created":true}})"
                              "\n";
  const std::string event = R"({"result":{"header":{"cluster_id":"1","revision":"6"},)"
                            R"("events":[{"kv":{"key":"YQ==","mod_revision":"6"}}]}})"
                            "\n";
  const auto ends = [&](const std::string& lines, Ending ending) {
    fixture.member([=](const std::string& path, const std::string&) {
      return path == "/v3/kv/range" ? Reply{response(200, kEmpty)} : Reply{head + lines, ending};
    });
    REQUIRE(fixture.read() == "ok");
    return fixture.watch();
  };
  SECTION("compacted") {
    CHECK(
        ends(chunk(created) + chunk(R"({"result":{"header":{"cluster_id":"1"},"canceled":true,"compact_revision":"9"}})"
                                    "\n"),
             Ending::silence) == "bad_answer");
    CHECK_THAT(fixture.last_error.message, ContainsSubstring("compacted"));
  }
  SECTION("not allowed") {
    CHECK(ends(chunk(R"({"result":{"watch_id":"-1","created":true,"canceled":true,"cancel_reason":)"
                     R"("rpc error: code = PermissionDenied desc = etcdserver: permission denied"}})"
                     "\n"),
               Ending::silence) == "permission");
  }
  SECTION("no leader, without a line break, after an event") {
    CHECK(ends(chunk(created) + chunk(event) +
                   chunk(R"({"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader"}})") +
                   "0\r\n\r\n",
               Ending::goodbye) == "no_leader");
    CHECK(fixture.seen == std::vector<fleet::Revision>{6});
  }
  SECTION("the connection ends inside a chunk") {
    CHECK(ends(chunk(created) + chunk(event) + "10\r\n{", Ending::reset) != "cancelled");
    CHECK(fixture.seen == std::vector<fleet::Revision>{6});
  }
  SECTION("an event in several pieces, then the end") {
    CHECK(ends(chunk(created) + chunk(event.substr(0, 20)) + chunk(event.substr(20)) + "0\r\n\r\n", Ending::goodbye) ==
          "connect");
    CHECK(fixture.seen == std::vector<fleet::Revision>{6});
  }
  SECTION("another cluster, with any revision") {
    CHECK(ends(chunk(R"({"result":{"header":{"cluster_id":"2","revision":"50"},"created":true}})"
                     "\n"),
               Ending::silence) == "bad_answer");
    CHECK_THAT(fixture.last_error.message, ContainsSubstring("another cluster"));
  }
  SECTION("a restored store") {
    CHECK(ends(chunk(R"({"result":{"header":{"cluster_id":"1","revision":"3"},"created":true}})"
                     "\n"),
               Ending::silence) == "bad_answer");
    CHECK_THAT(fixture.last_error.message, ContainsSubstring("restored"));
  }
  SECTION("a line without an end") {
    CHECK(ends(chunk(created) + chunk(std::string(fleet::kResponseLimit / 2, 'x')) +
                   chunk(std::string(fleet::kResponseLimit / 2 + 1, 'x')),
               Ending::silence) == "too_large");
  }
}

TEST_CASE("hosts begin at different endpoints, always the same") {
  EtcdFixture fixture;
  fixture.etcd.endpoints = {"https://a:1", "https://b:1", "https://c:1"};
  std::vector<int> hosts(3);
  for (int i = 0; i < 300; ++i) {
    const std::string host = "gateway-" + std::to_string(i);
    const fleet::EtcdSession one(fixture.io.get_executor(), fixture.etcd, host, {});
    const fleet::EtcdSession two(fixture.io.get_executor(), fixture.etcd, host, {});
    CHECK(one.current() == two.current());
    ++hosts.at(one.current());
  }
  for (const int count : hosts) {
    CHECK(count > 50);
  }
}
