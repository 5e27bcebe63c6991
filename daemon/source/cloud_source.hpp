// The renew endpoint of Gravitee Cloud.
#pragma once

#include <string>

#include "configuration/settings.hpp"
#include "http/http_client.hpp"
#include "source/source.hpp"

namespace renewd::source {

class CloudSource final : public Source {
 public:
  // `http` must outlive this object.
  CloudSource(http::HttpClient& http, const configuration::CertificateSettings& certificate);

  std::string describe() const override;
  // The account token, which must be configured, and readable.
  Result<Secret> credential() const override;
  boost::asio::awaitable<Result<std::string>> rehearse() override;
  boost::asio::awaitable<Fetched> fetch(Secret credential, http::BeforeSending before_sending) override;

 private:
  http::HttpClient& http_;
  std::string account_url_;
  std::optional<SecretSource> token_;
};

}  // namespace renewd::source
