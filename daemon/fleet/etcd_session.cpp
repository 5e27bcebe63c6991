#include "fleet/etcd_session.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "core/cancellation.hpp"
#include "core/redaction.hpp"
#include "core/text.hpp"
#include "core/try.hpp"

namespace renewd::fleet {
namespace {

namespace asio = boost::asio;

configuration::HttpSettings http_settings(const configuration::EtcdSettings& settings, const EtcdLimits& limits) {
  configuration::HttpSettings http;
  http.ca_file = settings.ca_file;  // and no proxy
  http.connect_timeout = limits.connect;
  http.request_timeout = limits.call;
  return http;
}

http::ClientOptions client_options(const configuration::EtcdSettings& settings) {
  http::ClientOptions options{std::nullopt, false};
  if (settings.cert_file) {
    options.certificate = http::ClientCertificate{*settings.cert_file, settings.key_file.value_or(*settings.cert_file)};
  }
  return options;
}

// FNV-1a: the same for all versions of the program.
std::size_t stable_offset(std::string_view host, std::size_t endpoints) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : host) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  return endpoints == 0 ? 0 : static_cast<std::size_t>(hash % endpoints);
}

Unreachable reason_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::dns:
      return Unreachable::dns;
    case ErrorKind::tls:
      return Unreachable::tls;
    case ErrorKind::timeout:
      return Unreachable::timeout;
    case ErrorKind::cancelled:
      return Unreachable::cancelled;
    case ErrorKind::unauthorized:
      return Unreachable::auth;
    case ErrorKind::bad_answer:
      return error.reason == RejectionReason::too_large ? Unreachable::too_large : Unreachable::bad_answer;
    case ErrorKind::connect:
    case ErrorKind::proxy:
    case ErrorKind::client_error:
    case ErrorKind::rate_limited:
    case ErrorKind::server_error:
    case ErrorKind::disk:
    case ErrorKind::gateway:
    case ErrorKind::fleet:
    case ErrorKind::busy:
      return Unreachable::connect;
  }
  return Unreachable::connect;
}

StoreError store_error(Error error) {
  StoreError result = store_error(reason_of(error), std::move(error.message));
  // Advice on TLS may be about http.ca_file, which is not used here.
  if (!error.advice.empty() && error.advice.find("http.ca_file") == std::string::npos) {
    result.advice = std::move(error.advice);
  }
  return result;
}

// A scheme that does not fit the server: neither end names the cause. Empty: that is not likely.
std::string advice_on_scheme(std::string_view url, const Error& error, bool sent) {
  const auto mentions = [&error](std::string_view text) { return error.message.find(text) != std::string::npos; };
  if (url.starts_with("http://") && error.kind == ErrorKind::connect && sent) {
    return "if etcd serves TLS there (https:// in its --listen-client-urls), write https:// in fleet.etcd.endpoints; "
           "otherwise, check that etcd runs there";
  }
  if (url.starts_with("https://") && error.kind == ErrorKind::tls &&
      (mentions("the connection during the handshake") || mentions("wrong version number"))) {
    return "if etcd serves no TLS there (http:// in its --listen-client-urls), give it a certificate "
           "(/usr/share/doc/gravitee-renewd/docs/fleet.md, \"Certificates of etcd\"), because http:// in "
           "fleet.etcd.endpoints is accepted for loopback addresses alone; otherwise, find out what closes TLS "
           "connections on the way, such as a firewall";
  }
  return "";
}

// `had_token`: some versions of etcd close the connection when they do not know the token.
CallError transport_error(std::string_view url, Error error, bool sent, bool had_token) {
  const ErrorKind kind = error.kind;
  if (std::string advice = advice_on_scheme(url, error, sent); !advice.empty()) {
    error.advice = std::move(advice);
  }
  CallError result{store_error(std::move(error)), Reaction::none, sent};
  if (kind == ErrorKind::connect && sent && had_token) {
    result.reaction = Reaction::authenticate;
  } else if (kind == ErrorKind::dns || kind == ErrorKind::connect || kind == ErrorKind::tls ||
             kind == ErrorKind::timeout || kind == ErrorKind::bad_answer) {
    result.reaction = Reaction::elsewhere;
  }
  return result;
}

Redaction redaction_of(const Secret& password, const std::optional<Secret>& token) {
  Redaction redaction;
  redaction.hide("password", password);
  redaction.hide("token", token.value_or(Secret()));
  return redaction;
}

CallError refusal(const std::string& url, GatewayError error, const Redaction& redaction) {
  error.message = redaction(error.message);
  Explained explained = explain(error);
  explained.error.message = fmt::format("POST {}: {}", printable(url), explained.error.message);
  return {std::move(explained.error), explained.reaction, true};
}

CallError cancelled_call() {
  return {{Unreachable::cancelled, "cancelled"}, Reaction::none, false};
}

bool is_cancelled(const CallError& error) {
  return error.error.reason == Unreachable::cancelled;
}

}  // namespace

EtcdSession::EtcdSession(const asio::any_io_executor& executor, configuration::EtcdSettings settings,
                         std::string_view host, EtcdLimits limits)
    : settings_(std::move(settings)),
      limits_(limits),
      http_(executor, http_settings(settings_, limits_), client_options(settings_)),
      current_(stable_offset(host, settings_.endpoints.size())),
      authenticating_(executor, 1) {}

void EtcdSession::move_on(std::size_t from) {
  if (from == current_) {
    current_ = (current_ + 1) % settings_.endpoints.size();
  }
  if (on_move) {
    on_move(from);
  }
}

std::string EtcdSession::redacted(const std::string& text) const {
  return redaction_of(Secret(), token_)(text);
}

void EtcdSession::forget_token() {
  token_.reset();
  authentication_is_off_ = false;
}

void EtcdSession::count(Unreachable reason) {
  if (reason != Unreachable::cancelled) {
    ++failures_[reason];
  }
}

http::HttpRequest EtcdSession::http_request(std::size_t endpoint, const GatewayRequest& request, const Token& token,
                                            bool* sent) {
  http::HttpRequest result;
  result.method = "POST";
  result.url = settings_.endpoints[endpoint];
  result.url += request.path;
  // With it, a member without a leader says so at once.
  result.headers = {{"Content-Type", "application/json"}, {"Grpc-Metadata-hasleader", "true"}};
  result.body = request.body;
  result.authorization = token;
  result.body_limit = kResponseLimit;
  result.before_sending = [sent]() -> asio::awaitable<Result<void>> {
    *sent = true;
    co_return Result<void>();
  };
  return result;
}

asio::awaitable<CallResult<std::string>> EtcdSession::attempt(std::size_t endpoint, GatewayRequest request,
                                                              Token token) {
  bool sent = false;
  http::HttpRequest http = http_request(endpoint, request, token, &sent);
  const std::string url = http.url;
  auto response = co_await http_.send(std::move(http));
  if (!response) {
    co_return tl::unexpected(transport_error(url, std::move(response.error()), sent, token.has_value()));
  }
  if (response->status != 200 || begins_with_error(response->body)) {
    co_return tl::unexpected(
        refusal(url, parse_error(response->status, response->body), redaction_of(request.secret, token)));
  }
  co_return std::move(response->body);
}

// Nothing if etcd needs no token.
asio::awaitable<CallResult<EtcdSession::Token>> EtcdSession::token_for(std::size_t endpoint) {
  if (!settings_.username || authentication_is_off_ || token_) {
    co_return token_;
  }
  const auto slot = co_await authenticating_.take();
  if (!slot) {
    co_return tl::unexpected(cancelled_call());
  }
  if (authentication_is_off_ || token_) {
    co_return token_;  // another call has been faster
  }
  co_return co_await authenticate(endpoint);
}

asio::awaitable<CallResult<EtcdSession::Token>> EtcdSession::authenticate(std::size_t endpoint) {
  auto password = settings_.password ? read_secret(*settings_.password) : Result<Secret>(Secret());
  if (!password) {
    co_return tl::unexpected(CallError{store_error(std::move(password.error()))});
  }
  const std::size_t hash = std::hash<std::string_view>()(password->view());
  const auto now = std::chrono::steady_clock::now();
  if (refused_password_ && refused_password_->hash == hash && now < refused_password_->until) {
    co_return tl::unexpected(CallError{store_error(Unreachable::auth,
                                                   "etcd has refused the user or the password, and will be asked again "
                                                   "later, or when the password changes")});
  }
  auto body = co_await attempt(endpoint, authenticate_request(*settings_.username, *password), std::nullopt);
  if (body) {
    auto token = parse_token(*body);
    if (!token) {
      co_return tl::unexpected(CallError{std::move(token.error()), Reaction::elsewhere});
    }
    refused_password_.reset();
    token_ = std::move(*token);
    co_return token_;
  }
  if (body.error().reaction == Reaction::authentication_off) {
    authentication_is_off_ = true;
    co_return Token();
  }
  if (body.error().reaction == Reaction::wrong_password) {
    refused_password_ = RefusedPassword{hash, now + limits_.refused_password};
  }
  body.error().sent = false;  // the call itself
  co_return tl::unexpected(std::move(body.error()));
}

asio::awaitable<CallResult<std::string>> EtcdSession::call(GatewayRequest request, Repeat repeat) {
  bool authenticated_again = false;
  std::size_t endpoints_left = settings_.endpoints.size();
  for (;;) {
    const bool stopped = co_await stop_requested();
    if (stopped) {
      co_return tl::unexpected(cancelled_call());
    }
    const std::size_t endpoint = current_;
    auto token = co_await token_for(endpoint);
    CallResult<std::string> body = tl::unexpected(CallError{});
    if (token) {
      body = co_await attempt(endpoint, request, *token);
    } else {
      body = tl::unexpected(std::move(token.error()));
    }
    if (body || is_cancelled(body.error())) {
      co_return body;
    }
    CallError& error = body.error();
    const bool may_repeat = repeat == Repeat::always || !error.sent || error.reaction != Reaction::elsewhere;
    if (error.reaction == Reaction::authenticate && token && token_ == *token) {
      forget_token();
    }
    // A connection that was closed without a response leaves open whether the call was received.
    const bool is_refused = error.error.reason == Unreachable::auth;
    if (error.reaction == Reaction::authenticate && settings_.username && !authenticated_again &&
        (repeat == Repeat::always || is_refused)) {
      authenticated_again = true;
      continue;
    }
    count(error.error.reason);
    const bool elsewhere = error.reaction == Reaction::elsewhere ||
                           (error.reaction == Reaction::authenticate && !is_refused && repeat == Repeat::always);
    if (elsewhere) {
      move_on(endpoint);
    }
    if (!elsewhere || !may_repeat || --endpoints_left == 0) {
      co_return body;
    }
  }
}

asio::awaitable<CallResult<void>> EtcdSession::stream(GatewayRequest request, LineSink sink) {
  const std::size_t endpoint = current_;
  auto token = co_await token_for(endpoint);
  if (!token) {
    co_return tl::unexpected(std::move(token.error()));
  }
  bool sent = false;
  http::HttpRequest http = http_request(endpoint, request, *token, &sent);
  const std::string url = http.url;
  unsigned status = 0;
  std::string error_body;
  http::Sink receive = [&](const http::HttpResponse& head, std::string_view piece) {
    status = head.status;
    if (status == 200) {
      return piece.empty() ? http::Flow::more : sink(piece);
    }
    error_body += piece;
    return error_body.size() < kResponseLimit ? http::Flow::more : http::Flow::stop;
  };
  auto ended = co_await http_.stream(std::move(http), std::move(receive));
  if (status != 0 && status != 200) {
    co_return tl::unexpected(refusal(url, parse_error(status, error_body), redaction_of(Secret(), *token)));
  }
  if (!ended) {
    co_return tl::unexpected(transport_error(url, std::move(ended.error()), sent, status == 0 && token->has_value()));
  }
  co_return CallResult<void>();
}

}  // namespace renewd::fleet
