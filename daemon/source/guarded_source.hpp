// A source that asks before each request whether it may still be made.
#pragma once

#include <functional>
#include <utility>

#include "source/source.hpp"

namespace renewd::source {

class GuardedSource final : public Source {
 public:
  using MayRequest = std::function<boost::asio::awaitable<Result<void>>()>;

  // `source` must outlive this object. Without may_request(), every request is allowed.
  explicit GuardedSource(Source& source) : source_(source) {}
  void may_request(MayRequest may_request) { may_request_ = std::move(may_request); }

  std::string describe() const override { return source_.describe(); }
  Result<Secret> credential() const override { return source_.credential(); }
  boost::asio::awaitable<Result<std::string>> rehearse() override { return source_.rehearse(); }
  boost::asio::awaitable<Fetched> fetch(Secret credential) override;

 private:
  Source& source_;
  MayRequest may_request_;
};

}  // namespace renewd::source
