#include <boost/json.hpp>

#include "fleet/base64.hpp"
#include "fleet/gateway_json.hpp"

namespace renewd::fleet {
namespace {

namespace json = boost::json;

// int64 is a string in JSON, since numbers there are doubles.
std::string int64_text(std::int64_t value) {
  return std::to_string(value);
}

json::object range_of(std::string_view prefix) {
  return {{"key", encode_base64(prefix)}, {"range_end", encode_base64(end_of_prefix(prefix))}};
}

GatewayRequest post(std::string_view path, const json::object& body) {
  return {path, json::serialize(body)};
}

}  // namespace

std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty()) {
    const auto last = static_cast<unsigned char>(end.back());
    if (last < 0xff) {
      end.back() = static_cast<char>(last + 1);
      return end;
    }
    end.pop_back();
  }
  return std::string(1, '\0');  // all keys
}

GatewayRequest read_request(std::string_view prefix) {
  json::object body = range_of(prefix);
  body["limit"] = int64_text(kKeyLimit);
  return post("/v3/kv/range", body);
}

GatewayRequest probe_request(std::string_view prefix) {
  json::object body = range_of(prefix);
  body["limit"] = int64_text(1);
  body["keys_only"] = true;
  return post("/v3/kv/range", body);
}

GatewayRequest commit_request(const Transaction& transaction, LeaseId lease) {
  json::array compare;
  for (const auto& [key, mod_revision] : transaction.compare) {
    compare.push_back(json::object{{"key", encode_base64(key)},
                                   {"target", "MOD"},
                                   {"result", "EQUAL"},
                                   {"mod_revision", int64_text(mod_revision)}});
  }
  json::array success;
  for (const auto& put : transaction.put) {
    json::object operation{{"key", encode_base64(put.key)}, {"value", encode_base64(put.value)}};
    if (put.leased) {
      operation["lease"] = int64_text(lease);
    }
    success.push_back(json::object{{"request_put", std::move(operation)}});
  }
  for (const auto& key : transaction.remove) {
    success.push_back(json::object{{"request_delete_range", {{"key", encode_base64(key)}}}});
  }
  json::array failure;
  if (!transaction.read.empty()) {
    json::object read = range_of(transaction.read);
    read["limit"] = int64_text(kKeyLimit);
    failure.push_back(json::object{{"request_range", std::move(read)}});
  }
  return post("/v3/kv/txn",
              {{"compare", std::move(compare)}, {"success", std::move(success)}, {"failure", std::move(failure)}});
}

GatewayRequest watch_request(std::string_view prefix, Revision first) {
  json::object create = range_of(prefix);
  create["start_revision"] = int64_text(first);
  return post("/v3/watch", {{"create_request", std::move(create)}});
}

GatewayRequest grant_request(std::chrono::seconds time_to_live) {
  return post("/v3/lease/grant", {{"TTL", int64_text(time_to_live.count())}});
}

GatewayRequest keep_alive_request(LeaseId lease) {
  return post("/v3/lease/keepalive", {{"ID", int64_text(lease)}});
}

GatewayRequest revoke_request(LeaseId lease) {
  return post("/v3/lease/revoke", {{"ID", int64_text(lease)}});
}

GatewayRequest authenticate_request(std::string_view user, const Secret& password) {
  GatewayRequest request = post("/v3/auth/authenticate", {{"name", user}, {"password", password.view()}});
  request.secret = password;
  return request;
}

}  // namespace renewd::fleet
