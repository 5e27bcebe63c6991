// Calls to etcd's gateway: which endpoint, with which token, and what a failure means. Shared by all members of a
// process.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "configuration/settings.hpp"
#include "core/slots.hpp"
#include "fleet/gateway_error.hpp"
#include "fleet/gateway_json.hpp"
#include "http/https_client.hpp"

namespace renewd::fleet {

struct EtcdLimits {
  std::chrono::seconds connect{5};
  std::chrono::seconds call{10};
  std::chrono::seconds lease{60};
  std::chrono::seconds keep_alive{20};
  // How long a password that etcd has refused is not sent again, unless it changes.
  std::chrono::seconds refused_password{300};
};

// A failed call.
struct CallError {
  StoreError error;
  Reaction reaction = Reaction::none;
  bool sent = false;  // etcd may have received it
};
template <typename T>
using CallResult = tl::expected<T, CallError>;

// Whether a call that etcd may have received is repeated at the next endpoint.
enum class Repeat { always, only_if_not_sent };

class EtcdSession {
 public:
  EtcdSession(const boost::asio::any_io_executor& executor, configuration::EtcdSettings settings, std::string_view host,
              EtcdLimits limits);

  // The body of a successful response. Tries each endpoint once, from the current one on; authenticates when needed,
  // and again once if etcd does not know the token.
  boost::asio::awaitable<CallResult<std::string>> call(GatewayRequest request, Repeat repeat);

  // A call at the current endpoint whose response has no end; the error when it ends. `sink` gets the body of a
  // successful response; it says stop to end it.
  using LineSink = std::function<http::Flow(std::string_view piece)>;
  boost::asio::awaitable<CallResult<void>> stream(GatewayRequest request, LineSink sink);

  std::size_t current() const { return current_; }
  const std::string& endpoint(std::size_t index) const { return settings_.endpoints[index]; }
  // The next call begins at the next endpoint. Calls `on_move` even if there is no other one.
  void move_on(std::size_t from);
  std::function<void(std::size_t from)> on_move;
  // What etcd says, without the token, which it may repeat.
  std::string redacted(const std::string& text) const;
  // The token is not used again.
  void forget_token();

  void count(Unreachable reason);
  std::vector<std::pair<Unreachable, std::uint64_t>> failures() const { return {failures_.begin(), failures_.end()}; }
  const EtcdLimits& limits() const { return limits_; }

 private:
  using Token = std::optional<Secret>;

  http::HttpRequest http_request(std::size_t endpoint, const GatewayRequest& request, const Token& token, bool* sent);
  boost::asio::awaitable<CallResult<std::string>> attempt(std::size_t endpoint, GatewayRequest request, Token token);
  boost::asio::awaitable<CallResult<Token>> token_for(std::size_t endpoint);
  boost::asio::awaitable<CallResult<Token>> authenticate(std::size_t endpoint);

  configuration::EtcdSettings settings_;
  EtcdLimits limits_;
  http::HttpsClient http_;
  std::size_t current_;
  Slots authenticating_;
  Token token_;
  bool authentication_is_off_ = false;
  struct RefusedPassword {
    std::size_t hash;
    std::chrono::steady_clock::time_point until;
  };
  std::optional<RefusedPassword> refused_password_;
  std::map<Unreachable, std::uint64_t> failures_;
};

}  // namespace renewd::fleet
