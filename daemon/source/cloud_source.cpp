#include "source/cloud_source.hpp"

#include <utility>

#include <fmt/format.h>

#include "cloud/renew_api.hpp"
#include "core/http_secrets.hpp"

namespace renewd::source {

namespace asio = boost::asio;

CloudSource::CloudSource(http::HttpClient& http, const configuration::CertificateSettings& certificate)
    : http_(http), account_url_(certificate.account_url), token_(certificate.token) {}

std::string CloudSource::describe() const {
  return cloud::renew_url(account_url_);
}

Result<Secret> CloudSource::credential() const {
  if (!token_) {
    return failure(ErrorKind::unauthorized, "no token is configured: set `token`");
  }
  return read_token(*token_);
}

asio::awaitable<Result<std::string>> CloudSource::rehearse() {
  auto reached = co_await http_.rehearse(describe());
  co_return std::move(reached).map([this] { return fmt::format("{} is reachable", describe()); });
}

asio::awaitable<Fetched> CloudSource::fetch(Secret credential, http::BeforeSending before_sending) {
  auto exchange =
      co_await cloud::request_renewal(http_, account_url_, std::move(credential), std::move(before_sending));
  co_return Fetched{std::move(exchange.body), exchange.server_time, std::move(exchange.undecoded)};
}

}  // namespace renewd::source
