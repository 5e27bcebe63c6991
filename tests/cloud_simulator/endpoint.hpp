// The renew endpoint without the network: judges a request as the cloud would, answers it, and writes it down.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "issuer.hpp"
#include "options.hpp"

namespace renewd::simulator {

struct Request {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;  // names as sent
  std::string body;

  // Of the first header of that name, in any case; empty when there is none.
  std::string header(std::string_view name) const;
  bool has(std::string_view name) const;
};

struct Response {
  unsigned status = 200;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

class Endpoint {
 public:
  // Both must outlive this object.
  Endpoint(const Options& options, Issuer& issuer);

  Response answer(const Request& request);
  unsigned answered() const { return answered_; }

 private:
  bool token_ok(const Request& request) const;
  Response judge(const Request& request, std::string& violation) const;
  void record(const Request& request, const Response& response, const std::string& violation, const std::string& file);

  const Options& options_;
  Issuer& issuer_;
  std::string target_;
  unsigned answered_ = 0;
};

}  // namespace renewd::simulator
