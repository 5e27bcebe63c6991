#include "http/resolve.hpp"

#include <netdb.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "core/as_tuple.hpp"
#include "http/deadline.hpp"

namespace renewd::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Shared by the waiting coroutine and the thread that looks up. The mutex makes "is anybody still waiting" and "tell
// him" one step: while the thread holds it, the waiter, and with him the io_context, cannot go away.
struct Exchange {
  std::mutex mutex;
  asio::steady_timer* waiter = nullptr;  // null once nobody waits
  std::optional<Result<Endpoints>> found;
};

class Waiting {
 public:
  Waiting(std::shared_ptr<Exchange> exchange, asio::steady_timer& timer) : exchange_(std::move(exchange)) {
    exchange_->waiter = &timer;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    const std::lock_guard lock(exchange_->mutex);
    exchange_->waiter = nullptr;
  }

 private:
  std::shared_ptr<Exchange> exchange_;
};

// On the io_context's thread.
void wake(const std::shared_ptr<Exchange>& exchange) {
  const std::lock_guard lock(exchange->mutex);
  if (exchange->waiter != nullptr) {
    exchange->waiter->cancel();
  }
}

void look_up(const std::shared_ptr<Exchange>& exchange, const Lookup& lookup, const std::string& host,
             std::uint16_t port) {
  auto found = lookup(host, port);
  const std::lock_guard lock(exchange->mutex);
  if (exchange->waiter != nullptr) {
    exchange->found = std::move(found);
    asio::post(exchange->waiter->get_executor(), [exchange] { wake(exchange); });
  }
}

std::string lookup_error(int code, int error_number) {
  return code == EAI_SYSTEM ? std::generic_category().message(error_number) : ::gai_strerror(code);
}

}  // namespace

Result<Endpoints> system_lookup(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw);
  if (code == EAI_NONAME && host.size() > 1 && host.ends_with('.')) {
    return system_lookup(host.substr(0, host.size() - 1), port);  // hosts(5) has names without the final dot
  }
  if (code != 0) {
    return failure(ErrorKind::dns, lookup_error(code, errno));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(raw, ::freeaddrinfo);
  Endpoints endpoints;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    tcp::endpoint endpoint;
    if ((entry->ai_family == AF_INET || entry->ai_family == AF_INET6) && entry->ai_addrlen <= endpoint.capacity()) {
      std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
      endpoint.resize(entry->ai_addrlen);
      endpoint.port(port);
      endpoints.push_back(endpoint);
    }
  }
  if (endpoints.empty()) {
    return failure(ErrorKind::dns, "the name has no IPv4 or IPv6 address");
  }
  return endpoints;
}

asio::awaitable<Result<Endpoints>> resolve(std::string host, std::uint16_t port, Lookup lookup) {
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    co_return Endpoints{tcp::endpoint(address, port)};
  }
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
  const auto exchange = std::make_shared<Exchange>();
  const Waiting waiting(exchange, timer);
  try {
    std::thread([exchange, lookup, host, port] { look_up(exchange, lookup, host, port); }).detach();
  } catch (const std::system_error& error) {
    co_return failure(ErrorKind::dns, std::string("starting a thread: ") + error.what());
  }
  co_await timer.async_wait(kAsTuple);
  const std::lock_guard lock(exchange->mutex);
  auto found = std::move(exchange->found);
  if (!found) {
    co_return cancelled();
  }
  co_return std::move(*found);
}

}  // namespace renewd::http
