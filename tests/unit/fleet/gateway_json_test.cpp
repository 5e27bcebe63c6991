// Requests and responses of etcd's gateway, the latter as etcd 3.4.23 has sent them.
#include "fleet/gateway_json.hpp"

#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::fleet;

namespace {

const std::string kHeader = R"("header":{"cluster_id":"14841639068965178418","member_id":"10276657743932975437",)"
                            R"("revision":"9","raft_term":"2"})";

std::string reason(const auto& result) {
  return result ? std::string("ok") : std::string(to_string(result.error().reason));
}

}  // namespace

TEST_CASE("requests are exactly those that etcd knows") {
  // "/p/" and "/p0", its end.
  CHECK(read_request("/p/").path == "/v3/kv/range");
  CHECK(read_request("/p/").body == R"({"key":"L3Av","range_end":"L3Aw","limit":"1003"})");
  CHECK(probe_request("/p/").body == R"({"key":"L3Av","range_end":"L3Aw","limit":"1","keys_only":true})");
  const GatewayRequest commit =
      commit_request({{{"foo", 0}, {"bar", 7}}, {{"foo", "v", false}, {"bar", "w", true}}, "/p/"}, 2324035615980682510);
  CHECK(commit.path == "/v3/kv/txn");
  CHECK(commit.body == R"({"compare":[{"key":"Zm9v","target":"MOD","result":"EQUAL","mod_revision":"0"},)"
                       R"({"key":"YmFy","target":"MOD","result":"EQUAL","mod_revision":"7"}],)"
                       R"("success":[{"request_put":{"key":"Zm9v","value":"dg=="}},)"
                       R"({"request_put":{"key":"YmFy","value":"dw==","lease":"2324035615980682510"}}],)"
                       R"("failure":[{"request_range":{"key":"L3Av","range_end":"L3Aw","limit":"1003"}}]})");
  CHECK(commit_request({{{"foo", 4}}, {}, "", {"foo"}}, 0).body ==
        R"({"compare":[{"key":"Zm9v","target":"MOD","result":"EQUAL","mod_revision":"4"}],)"
        R"("success":[{"request_delete_range":{"key":"Zm9v"}}],"failure":[]})");
  CHECK(watch_request("/p/", 7).path == "/v3/watch");
  CHECK(watch_request("/p/", 7).body == R"({"create_request":{"key":"L3Av","range_end":"L3Aw","start_revision":"7"}})");
  CHECK(grant_request(std::chrono::seconds(60)).path == "/v3/lease/grant");
  CHECK(grant_request(std::chrono::seconds(60)).body == R"({"TTL":"60"})");
  CHECK(keep_alive_request(12345).path == "/v3/lease/keepalive");
  CHECK(keep_alive_request(12345).body == R"({"ID":"12345"})");
  CHECK(revoke_request(999).path == "/v3/lease/revoke");
  CHECK(revoke_request(999).body == R"({"ID":"999"})");
  CHECK(authenticate_request("renewd", Secret("a\"b")).path == "/v3/auth/authenticate");
  CHECK(authenticate_request("renewd", Secret("a\"b")).body == R"({"name":"renewd","password":"a\"b"})");
}

TEST_CASE("the end of a prefix is that of its last byte that can grow") {
  CHECK(end_of_prefix("/a/") == "/a0");
  CHECK(end_of_prefix("a\xff") == "b");
  CHECK(end_of_prefix("\xff") == std::string(1, '\0'));
}

TEST_CASE("reads keys, and their absence") {
  const auto read = parse_read("{" + kHeader +
                               R"(,"kvs":[{"key":"Zm9v","create_revision":"2","mod_revision":"2",)"
                               R"("version":"1","value":"YmFy"},{"key":"YQ==","mod_revision":3}],)"
                               R"("count":"2"})");
  REQUIRE(reason(read) == "ok");
  CHECK(read->snapshot.revision == 9);
  CHECK(read->snapshot.values == std::vector<KeyValue>{{"foo", "bar", 2}, {"a", "", 3}});
  const auto nothing = parse_read("{" + kHeader + "}");
  REQUIRE(reason(nothing) == "ok");
  CHECK(nothing->snapshot.values.empty());
  CHECK(nothing->cluster == read->cluster);
  CHECK_FALSE(nothing->cluster.empty());
}

TEST_CASE("refuses responses that are not etcd's") {
  const auto* const body = GENERATE("", "[]", "{}", "<html>", R"({"header":{"revision":"x"}})",
                                    R"({"header":{"revision":1.5}})", R"({"header":{"revision":"1"},"kvs":[7]})",
                                    R"({"header":{"revision":"1"},"kvs":[{"key":"!","mod_revision":"1"}]})",
                                    R"({"header":{"revision":"1"},"kvs":[{"key":"YQ=="}]})",
                                    R"({"header":{"revision":"1"},"kvs":[{"mod_revision":"1"}]})");
  INFO(body);
  CHECK(reason(parse_read(body)) == "bad_answer");
  CHECK(reason(parse_keep_alive(body)) == "bad_answer");
  CHECK(reason(parse_grant(body)) == "bad_answer");
  CHECK(reason(parse_token(body)) == "bad_answer");
  CHECK(reason(parse_watch_line(body)) == "bad_answer");
}

TEST_CASE("more keys than the limit are too large") {
  std::string kvs;
  for (std::size_t i = 0; i <= kKeyLimit; ++i) {
    kvs += std::string(i == 0 ? "" : ",") + R"({"key":"YQ==","mod_revision":"1"})";
  }
  CHECK(reason(parse_read("{" + kHeader + R"(,"kvs":[)" + kvs + "]}")) == "too_large");
  CHECK(reason(parse_read("{" + kHeader + R"(,"kvs":[],"more":true})")) == "too_large");
}

TEST_CASE("a transaction without \"succeeded\" has failed, and shows the current values") {
  const auto succeeded =
      parse_commit("{" + kHeader + R"(,"succeeded":true,"responses":[{"response_put":{"header":{"revision":"9"}}}]})");
  REQUIRE(reason(succeeded) == "ok");
  CHECK(succeeded->succeeded);
  CHECK(succeeded->revision == 9);
  const auto failed =
      parse_commit("{" + kHeader +
                   R"(,"responses":[{"response_range":{"header":{"revision":"9"},)"
                   R"("kvs":[{"key":"Zm9v","create_revision":"2","mod_revision":"2","version":"1","value":"YmFy"}],)"
                   R"("count":"1"}}]})");
  REQUIRE(reason(failed) == "ok");
  CHECK_FALSE(failed->succeeded);
  CHECK(failed->current.revision == 9);
  CHECK(failed->current.values == std::vector<KeyValue>{{"foo", "bar", 2}});
  const auto nothing_there = parse_commit("{" + kHeader + R"(,"responses":[{"response_range":{"header":{}}}]})");
  REQUIRE(reason(nothing_there) == "ok");
  CHECK(nothing_there->current.values.empty());
}

TEST_CASE("a lease is there while it has a TTL") {
  CHECK(parse_grant("{" + kHeader + R"(,"ID":"2324035615980682510","TTL":"60"})").value() == 2324035615980682510);
  CHECK(parse_keep_alive(R"({"result":{)" + kHeader + R"(,"ID":"12345","TTL":"5"}})" + "\n").value());
  CHECK_FALSE(parse_keep_alive(R"({"result":{)" + kHeader + R"(,"ID":"12345"}})" + "\n").value());
}

TEST_CASE("reads the token as it is") {
  CHECK(parse_token("{" + kHeader + R"(,"token":"NZvJIkEtiwIhqhDD.33"})").value() == Secret("NZvJIkEtiwIhqhDD.33"));
}

TEST_CASE("reads each kind of line of a watch") {
  const auto line = [](const std::string& text) { return parse_watch_line(text).value(); };
  CHECK(std::get<WatchCreated>(line(R"({"result":{)" + kHeader + R"(,"created":true}})")).revision == 9);
  const auto changes = std::get<std::vector<Changes>>(line(
      R"({"result":{)" + kHeader +
      R"(,"events":[{"kv":{"key":"Zm9v","mod_revision":"8","value":"YmFy"}},)"
      R"({"kv":{"key":"YQ==","mod_revision":"10"}},{"type":"DELETE","kv":{"key":"Yg==","mod_revision":"10"}}]}})"));
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].revision == 8);
  CHECK(changes[0].puts == std::vector<KeyValue>{{"foo", "bar", 8}});
  CHECK(changes[1].puts == std::vector<KeyValue>{{"a", "", 10}});
  CHECK(changes[1].deleted == std::vector<std::string>{"b"});
  const auto compacted =
      std::get<WatchCanceled>(line(R"({"result":{)" + kHeader + R"(,"canceled":true,"compact_revision":"9"}})"));
  CHECK(compacted.compacted == 9);
  // It says both.
  const auto refused =
      std::get<WatchCanceled>(line(R"({"result":{)" + kHeader +
                                   R"(,"watch_id":"-1","created":true,"canceled":true,"cancel_reason":)"
                                   R"("rpc error: code = PermissionDenied desc = etcdserver: permission denied"}})"));
  CHECK_THAT(refused.reason, ContainsSubstring("permission denied"));
  const auto error =
      std::get<GatewayError>(line(R"({"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader",)"
                                  R"("http_status":"Service Unavailable"}})"));
  CHECK(error == GatewayError{503, 14, "etcdserver: no leader"});
  // A sign of life without an event.
  CHECK(std::get<std::vector<Changes>>(line(R"({"result":{)" + kHeader + "}}")).empty());
  CHECK(reason(parse_watch_line(R"({"result":{"events":[{"kv":{"key":"YQ==","mod_revision":"9"}},)"
                                R"({"kv":{"key":"YQ==","mod_revision":"8"}}]}})")) == "bad_answer");
}

TEST_CASE("lines come in any pieces, up to a limit") {
  Lines lines;
  CHECK(lines.add("{\"a\"").value().empty());
  CHECK(lines.add(":1}\n\r\n{\"b\":2}\n{").value() == std::vector<std::string>{"{\"a\":1}", "{\"b\":2}"});
  CHECK(lines.rest() == "{");
  CHECK(lines.add(std::string(kResponseLimit, 'x')).value().empty());
  CHECK(reason(lines.add("x")) == "too_large");
}
