#include "http/connect.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "core/as_tuple.hpp"
#include "http/url.hpp"

namespace renewd::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;

constexpr std::size_t kMaxAddressesInMessage = 6;

struct Attempt {
  tcp::endpoint endpoint;
  tcp::socket socket;
  std::optional<boost::system::error_code> failed = std::nullopt;
};

// Shared by connect() and the handlers of the attempts, which may run after it has returned.
struct Race {
  explicit Race(const asio::any_io_executor& executor) : attempt_ended(executor) {}

  bool latest_failed() const { return attempts.empty() || attempts.back().failed; }
  std::size_t in_flight() const {
    return static_cast<std::size_t>(
        std::count_if(attempts.begin(), attempts.end(), [](const Attempt& attempt) { return !attempt.failed; }));
  }

  std::deque<Attempt> attempts;  // in the order of their start; handlers refer to its elements
  Attempt* winner = nullptr;
  bool over = false;
  asio::steady_timer attempt_ended;  // cancelled when an attempt ends
};

void close(Attempt& attempt) {
  boost::system::error_code ignored;
  attempt.socket.close(ignored);
}

void close_oldest(Race& race) {
  const auto oldest =
      std::find_if(race.attempts.begin(), race.attempts.end(), [](const Attempt& attempt) { return !attempt.failed; });
  close(*oldest);
  oldest->failed = asio::error::timed_out;
}

void start(const std::shared_ptr<Race>& race, const tcp::endpoint& endpoint) {
  if (race->in_flight() >= kMaxConcurrentAttempts) {
    close_oldest(*race);
  }
  Attempt& attempt = race->attempts.emplace_back(Attempt{endpoint, tcp::socket(race->attempt_ended.get_executor())});
  attempt.socket.async_connect(endpoint, [race, &attempt](const boost::system::error_code& error) {
    if (race->over || attempt.failed) {
      return;
    }
    if (error) {
      close(attempt);
      attempt.failed = error;
    } else {
      race->winner = &attempt;
      race->over = true;
    }
    race->attempt_ended.cancel();
  });
}

// Closes all attempts when connect() returns or its coroutine is destroyed.
class RaceEnd {
 public:
  explicit RaceEnd(std::shared_ptr<Race> race) : race_(std::move(race)) {}
  RaceEnd(const RaceEnd&) = delete;
  RaceEnd& operator=(const RaceEnd&) = delete;
  ~RaceEnd() {
    race_->over = true;
    std::for_each(race_->attempts.begin(), race_->attempts.end(), close);
  }

 private:
  std::shared_ptr<Race> race_;
};

std::string outcome_of(const Attempt& attempt) {
  const bool silent = !attempt.failed || *attempt.failed == asio::error::timed_out;
  return fmt::format("{}: {}", authority(attempt.endpoint.address().to_string(), attempt.endpoint.port()),
                     silent ? "no response" : attempt.failed->message());
}

// "A: Network is unreachable; B: no response"
std::string outcomes_of(const std::deque<Attempt>& attempts) {
  std::string text = attempts.size() > 1 ? fmt::format("{} addresses tried: ", attempts.size()) : "";
  for (std::size_t i = 0; i < std::min(attempts.size(), kMaxAddressesInMessage); ++i) {
    text += (i == 0 ? "" : "; ") + outcome_of(attempts[i]);
  }
  if (attempts.size() > kMaxAddressesInMessage) {
    text += fmt::format("; and {} more", attempts.size() - kMaxAddressesInMessage);
  }
  return text;
}

tl::unexpected<Error> all_failed(const Race& race) {
  if (race.attempts.empty()) {
    return failure(ErrorKind::connect, "no address to connect to");
  }
  // A firewall that drops packets is the most likely cause, even if other addresses refused the connection.
  const bool silent = std::any_of(race.attempts.begin(), race.attempts.end(),
                                  [](const Attempt& attempt) { return attempt.failed == asio::error::timed_out; });
  return failure(silent ? ErrorKind::timeout : ErrorKind::connect, outcomes_of(race.attempts));
}

tl::unexpected<Error> out_of_time(const Race& race, std::size_t addresses, const TimeLimit& limit) {
  std::string text = outcomes_of(race.attempts);
  if (addresses > race.attempts.size()) {
    text += fmt::format("; {} not tried", addresses - race.attempts.size());
  }
  return failure(ErrorKind::timeout, text + ": " + timed_out(limit));
}

}  // namespace

Endpoints in_order_of_attempts(const Endpoints& endpoints) {
  Endpoints first;
  Endpoints second;
  for (const tcp::endpoint& endpoint : endpoints) {
    Endpoints& family = endpoint.protocol() == endpoints.front().protocol() ? first : second;
    if (std::find(family.begin(), family.end(), endpoint) == family.end()) {
      family.push_back(endpoint);
    }
  }
  Endpoints order;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    for (const Endpoints* family : {&first, &second}) {
      if (i < family->size()) {
        order.push_back((*family)[i]);
      }
    }
  }
  return order;
}

std::chrono::milliseconds attempt_delay(std::size_t addresses, std::chrono::milliseconds span) {
  const auto share = span / static_cast<std::chrono::milliseconds::rep>(addresses + 1);
  return std::clamp(share, kMinAttemptDelay, kAttemptDelay);
}

asio::awaitable<Result<tcp::socket>> connect(Endpoints endpoints, TimeLimit limit) {
  const Endpoints order = in_order_of_attempts(endpoints);
  const auto delay = attempt_delay(order.size(), limit.span);
  const auto race = std::make_shared<Race>(co_await asio::this_coro::executor);
  const RaceEnd end(race);
  auto next = order.begin();
  steady_clock::time_point next_start;
  while (race->winner == nullptr) {
    const auto now = steady_clock::now();
    if (now >= limit.at) {
      co_return out_of_time(*race, order.size(), limit);
    }
    if (next != order.end() && (race->latest_failed() || now >= next_start)) {
      start(race, *next++);
      next_start = now + delay;
    }
    if (race->in_flight() == 0) {
      co_return all_failed(*race);
    }
    race->attempt_ended.expires_at(next == order.end() ? limit.at : std::min(next_start, limit.at));
    co_await race->attempt_ended.async_wait(kAsTuple);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (race->winner == nullptr && state.cancelled() != asio::cancellation_type::none) {
      co_return cancelled();
    }
  }
  co_return std::move(race->winner->socket);
}

}  // namespace renewd::http
