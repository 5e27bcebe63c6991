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

Result<Secret> CloudSource::read_token() const {
  if (!token_) {
    return failure(ErrorKind::unauthorized, "no token is configured: set `token`");
  }
  return renewd::read_token(*token_);
}

Result<void> CloudSource::check() const {
  return read_token().map([](const Secret&) {});
}

asio::awaitable<Result<std::string>> CloudSource::rehearse() {
  auto reached = co_await http_.rehearse(describe());
  co_return std::move(reached).map([this] { return fmt::format("{} is reachable", describe()); });
}

asio::awaitable<Fetched> CloudSource::fetch() {
  auto token = read_token();
  if (!token) {
    co_return Fetched{tl::unexpected(std::move(token.error())), std::nullopt, {}};
  }
  auto exchange = co_await cloud::request_renewal(http_, account_url_, std::move(*token));
  co_return Fetched{std::move(exchange.body), exchange.server_time, std::move(exchange.undecoded)};
}

}  // namespace renewd::source
