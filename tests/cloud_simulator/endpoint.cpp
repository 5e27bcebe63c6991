#include "endpoint.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>

#include <boost/beast/core/string.hpp>
#include <boost/json.hpp>

namespace renewd::simulator {
namespace {

namespace json = boost::json;
using boost::beast::iequals;

constexpr std::string_view kBearer = "Bearer ";

// The two shapes that the cloud's sister APIs use for errors.
Response error_of_management(unsigned status, const std::string& message, const std::string& code) {
  const json::object body{
      {"message", message}, {"http_status", status}, {"technicalCode", code}, {"parameters", json::object{}}};
  return {status, "application/json", {}, json::serialize(body)};
}

Response error_of_gateway(unsigned status, const std::string& message, const std::string& code) {
  const json::object body{
      {"httpStatus", status}, {"message", message}, {"technicalCode", code}, {"details", json::array{}}};
  return {status, "application/json", {}, json::serialize(body)};
}

// What a client must not do, by the cloud's protection against forged requests and by HTTP (RFC 9110, 8.6). Empty when
// there is nothing to object to.
std::string objection(const Request& request) {
  for (const char* name : {"Origin", "Referer", "Cookie"}) {
    if (request.has(name)) {
      return std::string("a request of a program has no ") + name;
    }
  }
  if (!request.has("Content-Length") || request.header("Content-Length") != "0" || !request.body.empty()) {
    return "Content-Length must be 0";
  }
  if (!request.header("User-Agent").starts_with("gravitee-renewd/")) {
    return "User-Agent must begin with gravitee-renewd/";
  }
  return {};
}

std::string content_type(const std::string& body) {
  if (body.starts_with('{') || body.starts_with('[')) {
    return "application/json";
  }
  return body.starts_with("<") ? "text/html" : "text/plain";
}

}  // namespace

std::string Request::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& h) { return iequals(h.first, name); });
  return found == headers.end() ? std::string() : found->second;
}

bool Request::has(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& h) { return iequals(h.first, name); });
}

Endpoint::Endpoint(const Options& options, Issuer& issuer)
    : options_(options),
      issuer_(issuer),
      target_("/management/accounts/" + options.account + "/certificate/renewcert") {
  std::ofstream(options.directory / "requests.jsonl", std::ios::app);
}

bool Endpoint::token_ok(const Request& request) const {
  return request.header("Authorization") == std::string(kBearer) + options_.token;
}

// The answer to a request that gets no certificate; 200 for one that does.
Response Endpoint::judge(const Request& request, std::string& violation) const {
  if (request.target != target_) {
    violation = "wrong path";
    return error_of_management(404, "Account [" + request.target + "] cannot be found.", "account.notFound");
  }
  if (request.method != "POST") {
    violation = "wrong method";
    return error_of_management(405, "Method Not Allowed", "method.notAllowed");
  }
  if (!token_ok(request)) {
    violation = "wrong token";
    return {401, "text/html", {}, "<html><head><title>401 Authorization Required</title></head></html>"};
  }
  violation = objection(request);
  if (!violation.empty()) {
    return error_of_gateway(400, violation, "request.invalid");
  }
  return {};
}

Response Endpoint::answer(const Request& request) {
  std::string violation;
  std::string file;
  Response response = judge(request, violation);
  if (options_.fixed) {
    response = {options_.fixed->status, content_type(options_.fixed->body), {}, options_.fixed->body};
  } else if (response.status == 200) {
    Issued issued = issuer_.issue();
    response = {200, content_type(issued.answer), {}, std::move(issued.answer)};
    file = std::move(issued.file);
  }
  response.headers = options_.headers;
  ++answered_;
  record(request, response, violation, file);
  return response;
}

void Endpoint::record(const Request& request, const Response& response, const std::string& violation,
                      const std::string& file) {
  json::object headers;
  for (const auto& [name, value] : request.headers) {
    const bool secret = iequals(name, "Authorization");
    headers[name] = secret ? (value.starts_with(kBearer) ? "Bearer ..." : "...") : value;
  }
  const json::object line{
      {"method", request.method}, {"target", request.target},  {"headers", headers}, {"token_ok", token_ok(request)},
      {"violation", violation},   {"status", response.status}, {"issued", file}};
  std::ofstream(options_.directory / "requests.jsonl", std::ios::app) << json::serialize(line) << "\n";
  if (options_.quiet) {
    return;
  }
  std::cerr << request.method << ' ' << request.target << ": " << response.status << ", " << response.body.size()
            << " bytes" << (violation.empty() ? "" : " (" + violation + ")") << std::endl;
}

}  // namespace renewd::simulator
