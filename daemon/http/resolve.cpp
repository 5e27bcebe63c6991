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

// Shared by the waiting coroutine and the thread. While the thread holds the mutex and there is a waiter, the waiter
// cannot be destroyed, and neither can its io_context.
struct PendingLookup {
  std::mutex mutex;
  asio::steady_timer* waiter = nullptr;  // null if the coroutine no longer waits
  std::optional<Result<Endpoints>> found;
};

class Waiter {
 public:
  Waiter(std::shared_ptr<PendingLookup> pending, asio::steady_timer& timer) : pending_(std::move(pending)) {
    pending_->waiter = &timer;
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    const std::lock_guard lock(pending_->mutex);
    pending_->waiter = nullptr;
  }

 private:
  std::shared_ptr<PendingLookup> pending_;
};

// Runs on the io_context's thread.
void wake(const std::shared_ptr<PendingLookup>& pending) {
  const std::lock_guard lock(pending->mutex);
  if (pending->waiter != nullptr) {
    pending->waiter->cancel();
  }
}

void look_up(const std::shared_ptr<PendingLookup>& pending, const Lookup& lookup, const std::string& host,
             std::uint16_t port) {
  auto found = lookup(host, port);
  const std::lock_guard lock(pending->mutex);
  if (pending->waiter != nullptr) {
    pending->found = std::move(found);
    asio::post(pending->waiter->get_executor(), [pending] { wake(pending); });
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
    return system_lookup(host.substr(0, host.size() - 1), port);  // names in hosts(5) have no final dot
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
  const auto pending = std::make_shared<PendingLookup>();
  const Waiter waiter(pending, timer);
  try {
    std::thread([pending, lookup, host, port] { look_up(pending, lookup, host, port); }).detach();
  } catch (const std::system_error& error) {
    co_return failure(ErrorKind::dns, std::string("starting a thread: ") + error.what());
  }
  co_await timer.async_wait(kAsTuple);
  const std::lock_guard lock(pending->mutex);
  auto found = std::move(pending->found);
  if (!found) {
    co_return cancelled();
  }
  co_return std::move(*found);
}

}  // namespace renewd::http
