#include "http/connect.hpp"

#include <fmt/format.h>

#include "core/as_tuple.hpp"
#include "http/url.hpp"

namespace renewd::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

asio::awaitable<Result<tcp::socket>> connect_one(tcp::endpoint endpoint) {
  tcp::socket socket(co_await asio::this_coro::executor);
  const auto [error] = co_await socket.async_connect(endpoint, kAsTuple);
  if (is_cancellation(error)) {
    co_return cancelled();
  }
  if (error) {
    co_return failure(ErrorKind::connect, error.message());
  }
  co_return std::move(socket);
}

}  // namespace

asio::awaitable<Result<tcp::socket>> connect(Endpoints endpoints, std::chrono::milliseconds each, TimeLimit whole) {
  std::size_t tried = 0;
  Result<tcp::socket> last = failure(ErrorKind::connect, "no address");
  for (const tcp::endpoint& endpoint : endpoints) {
    ++tried;
    const TimeLimit limit = sooner(time_limit(each, "http.connect_timeout"), whole);
    last = co_await within(limit, authority(endpoint.address().to_string(), endpoint.port()), connect_one(endpoint));
    if (last || last.error().kind == ErrorKind::cancelled) {
      co_return std::move(last);
    }
    if (std::chrono::steady_clock::now() >= whole.at) {
      break;
    }
  }
  if (tried > 1) {
    last.error().message = fmt::format("{} addresses tried, the last: {}", tried, last.error().message);
  }
  co_return std::move(last);
}

}  // namespace renewd::http
