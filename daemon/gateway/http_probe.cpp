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

// The last look of a verification is not cut short to nothing.
constexpr milliseconds kShortest{1000};
constexpr std::size_t kExcerpt = 160;

class HttpWatch final : public Watch {
 public:
  explicit HttpWatch(HttpProbe& probe) : probe_(probe) {}

  asio::awaitable<Result<Look>> look(steady_clock::time_point deadline) override {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    return probe_.get(std::clamp(left, kShortest, kHealthTimeout));
  }

 private:
  HttpProbe& probe_;
};

// Which of Gravitee's probes are not healthy, of {"<probe>": {"healthy": false, "message": "…"}}; empty for any other
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

asio::awaitable<Result<std::unique_ptr<Watch>>> HttpProbe::watch(GatewaySnapshot) {
  co_return std::make_unique<HttpWatch>(*this);
}

asio::awaitable<Result<std::string>> HttpProbe::rehearse() {
  CO_TRY_LET(auto seen, co_await get(kHealthTimeout));
  if (seen.verdict == Watch::Verdict::not_yet) {
    co_return failure(ErrorKind::gateway, std::move(seen.message));
  }
  co_return std::move(seen.message);
}

Result<http::HttpRequest> HttpProbe::request() const {
  http::HttpRequest request;
  request.method = "GET";
  request.url = settings_.url;
  if (settings_.password) {
    auto password = read_basic_password(*settings_.password);
    if (!password) {
      return failure(ErrorKind::gateway, fmt::format("GET {}: {}", printable(settings_.url), password.error().message));
    }
    request.basic_credentials = {settings_.username, std::move(*password)};
  }
  return request;
}

asio::awaitable<Result<Watch::Look>> HttpProbe::get(milliseconds at_most) {
  using asio::experimental::awaitable_operators::operator||;
  CO_TRY_LET(auto ask, request());
  std::optional<Result<http::HttpResponse>> outcome;
  co_await (http::keep_result(client_->send(std::move(ask)), &outcome) ||
            http::wait_until(steady_clock::now() + at_most));
  const bool stopping = co_await stop_requested();
  if (outcome && *outcome) {
    co_return judge(**outcome);
  }
  if (stopping) {
    co_return failure(ErrorKind::cancelled, "asking for the gateway's health: cancelled");
  }
  if (outcome && outcome->error().kind != ErrorKind::cancelled) {
    co_return Watch::Look{Watch::Verdict::not_yet, std::move(outcome->error().message)};
  }
  const double seconds = std::chrono::duration<double>(at_most).count();
  co_return Watch::Look{Watch::Verdict::not_yet,
                        fmt::format("GET {}: no answer within {:.3g} s", printable(settings_.url), seconds)};
}

Watch::Look HttpProbe::judge(const http::HttpResponse& response) const {
  const std::string url = printable(settings_.url);
  if (response.status == settings_.expect_status) {
    return {Watch::Verdict::passed, fmt::format("GET {}: {}", url, response.status)};
  }
  const Redaction redacted = redaction_of(secrets_);
  std::string why;
  if (response.status == 401 || response.status == 403) {
    const auto schemes = http::offered_schemes(response.header("www-authenticate"));
    if (!schemes.empty() && !http::offers_basic(schemes)) {
      why = fmt::format("it accepts {} authentication alone, and gravitee-renewd speaks Basic",
                        printable(redacted(fmt::format("{}", fmt::join(schemes, ", "))), kExcerpt));
    } else {
      why = settings_.password ? "username and password are refused" : "it wants a username and a password";
    }
  } else if (const std::string probes = unhealthy_probes(response.body); !probes.empty()) {
    why = "not healthy: " + printable(redacted(probes), kExcerpt);
  } else {
    why = printable(redacted(response.body), kExcerpt);
  }
  return {Watch::Verdict::not_yet, fmt::format("GET {}: HTTP {} instead of {}{}{}", url, response.status,
                                               settings_.expect_status, why.empty() ? "" : ": ", why)};
}

}  // namespace renewd::gateway
