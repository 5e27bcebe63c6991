#include "source/guarded_source.hpp"

namespace renewd::source {

namespace asio = boost::asio;

asio::awaitable<Fetched> GuardedSource::fetch(Secret credential) {
  if (may_request_) {
    auto allowed = co_await may_request_();
    if (!allowed) {
      Fetched refused{tl::unexpected(std::move(allowed.error())), std::nullopt, {}};
      co_return refused;
    }
  }
  Fetched fetched = co_await source_.fetch(std::move(credential));
  co_return fetched;
}

}  // namespace renewd::source
