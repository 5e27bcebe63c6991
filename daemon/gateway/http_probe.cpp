#include "gateway/http_probe.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "core/cancellation.hpp"
#include "core/http_secrets.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "http/deadline.hpp"
#include "http/field_lists.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Gives the last check of a verification a chance.
constexpr milliseconds kShortestTimeout{1000};
constexpr std::size_t kExcerptLimit = 160;

class HttpSession final : public ProbeSession {
 public:
  explicit HttpSession(HttpProbe& probe) : probe_(probe) {}

  asio::awaitable<Result<CheckResult>> check(steady_clock::time_point deadline) override {
    const auto remaining = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    return probe_.get(std::clamp(remaining, kShortestTimeout, kHealthTimeout));
  }

 private:
  HttpProbe& probe_;
};

// The unhealthy probes in Gravitee's response {"<probe>": {"healthy": false, "message": "…"}}; empty for any other
// text.
std::string unhealthy_probes(std::string_view body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  std::string names;
  if (error || !value.is_object()) {
    return names;
  }
  for (const auto& [name, probe] : value.get_object()) {
    const auto* state = probe.is_object() ? probe.get_object().if_contains("healthy") : nullptr;
    if (state == nullptr || !state->is_bool() || state->get_bool()) {
      continue;
    }
    names += (names.empty() ? "" : ", ") + std::string(name);
    const auto* message = probe.get_object().if_contains("message");
    if (message != nullptr && message->is_string()) {
      names += " (" + std::string(message->get_string()) + ")";
    }
  }
  return names;
}

}  // namespace

HttpProbe::HttpProbe(std::unique_ptr<http::HttpClient> client, configuration::HttpProbeSettings settings,
                     std::vector<NamedSecret> secrets)
    : client_(std::move(client)), settings_(std::move(settings)), secrets_(std::move(secrets)) {}

asio::awaitable<Result<std::unique_ptr<ProbeSession>>> HttpProbe::begin(GatewaySnapshot) {
  co_return std::make_unique<HttpSession>(*this);
}

asio::awaitable<Result<std::string>> HttpProbe::rehearse() {
  CO_TRY_LET(auto result, co_await get(kHealthTimeout));
  if (result.verdict != Verdict::passed) {
    co_return failure(ErrorKind::gateway, std::move(result.message));
  }
  co_return std::move(result.message);
}

Result<http::HttpRequest> HttpProbe::request() const {
  http::HttpRequest request;
  request.method = "GET";
  request.url = settings_.url;
  if (settings_.password) {
    auto password = read_basic_password(*settings_.password);
    if (!password) {
      return failure(
          ErrorKind::gateway, fmt::format("GET {}: {}", printable(settings_.url), password.error().message),
          password.error().advice.empty()
              ? "let the service read the password of gateway.verify.http, from " + settings_.password->description()
              : password.error().advice);
    }
    request.basic_credentials = {settings_.username, std::move(*password)};
  }
  return request;
}

// A request that never reached the gateway, or ended because the gateway is not trusted, says nothing about its health.
CheckResult HttpProbe::failed(Error error) {
  const bool is_own_problem = error.kind == ErrorKind::dns || error.kind == ErrorKind::tls ||
                              error.kind == ErrorKind::disk ||
                              error.kind == ErrorKind::client_error;  // the URL cannot be used
  if (!is_own_problem) {
    return {Verdict::not_yet, std::move(error.message)};
  }
  return {Verdict::inconclusive, std::move(error.message),
          error.advice.empty()
              ? "correct the URL of gateway.verify.http; if the gateway has a certificate of its own, add "
                "its CA to http.ca_file"
              : std::move(error.advice)};
}

asio::awaitable<Result<CheckResult>> HttpProbe::get(milliseconds timeout) {
  using asio::experimental::awaitable_operators::operator||;
  CO_TRY_LET(auto get, request());
  std::optional<Result<http::HttpResponse>> outcome;
  co_await (http::keep_result(client_->send(std::move(get)), &outcome) ||
            http::wait_until(steady_clock::now() + timeout));
  const bool stopping = co_await stop_requested();
  if (outcome && *outcome) {
    co_return judge(**outcome);
  }
  if (stopping) {
    co_return failure(ErrorKind::cancelled, "checking the gateway's health: cancelled");
  }
  if (outcome && outcome->error().kind != ErrorKind::cancelled) {
    co_return failed(std::move(outcome->error()));
  }
  const double seconds = std::chrono::duration<double>(timeout).count();
  co_return CheckResult{Verdict::not_yet,
                        fmt::format("GET {}: no response within {:.3g} s", printable(settings_.url), seconds)};
}

CheckResult HttpProbe::judge(const http::HttpResponse& response) const {
  const std::string url = printable(settings_.url);
  if (response.status == settings_.expect_status) {
    return {Verdict::passed, fmt::format("GET {}: {}", url, response.status)};
  }
  const Redaction redacted = redaction_of(secrets_);
  std::string why;
  std::string advice;
  if (response.status == 401 || response.status == 403) {
    const auto schemes = http::offered_schemes(response.header("www-authenticate"));
    if (!schemes.empty() && !http::offers_basic(schemes)) {
      why = fmt::format("it requires {} authentication, and gravitee-renewd supports only Basic",
                        printable(redacted(fmt::format("{}", fmt::join(schemes, ", "))), kExcerptLimit));
      advice = "let the gateway accept Basic authentication at the URL of gateway.verify.http, or remove that check";
    } else {
      why = settings_.password ? "it refused the username and password" : "it requires a username and a password";
      advice = settings_.password
                   ? fmt::format(
                         "set gateway.verify.http.username, and the password in {}, to those that "
                         "the gateway accepts",
                         settings_.password->description())
                   : "set gateway.verify.http.username and gateway.verify.http.password to those that the "
                     "gateway accepts";
    }
  } else if (const std::string probes = unhealthy_probes(response.body); !probes.empty()) {
    why = "unhealthy: " + printable(redacted(probes), kExcerptLimit);
  } else {
    why = printable(redacted(response.body), kExcerptLimit);
  }
  return {advice.empty() ? Verdict::not_yet : Verdict::inconclusive,
          fmt::format("GET {}: HTTP {} instead of {}{}{}", url, response.status, settings_.expect_status,
                      why.empty() ? "" : ": ", why),
          std::move(advice)};
}

}  // namespace renewd::gateway
