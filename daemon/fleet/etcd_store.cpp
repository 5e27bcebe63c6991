#include "fleet/etcd_store.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/as_tuple.hpp"
#include "core/cancellation.hpp"
#include "core/try.hpp"
#include "fleet/etcd_watch.hpp"
#include "fleet/gateway_json.hpp"

namespace renewd::fleet {
namespace {

namespace asio = boost::asio;

struct OpenWatch {
  OpenWatch(const asio::any_io_executor& executor, std::size_t at, std::string what)
      : endpoint(at), prefix(std::move(what)), end(executor, asio::steady_timer::time_point::max()) {}

  std::size_t endpoint;
  std::string prefix;
  asio::steady_timer end;  // cancelled to end the watch
};

// Among the open watches while it lives.
class Listed {
 public:
  Listed(std::vector<OpenWatch*>& list, OpenWatch& watch) : list_(list), watch_(watch) { list_.push_back(&watch); }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;
  ~Listed() { std::erase(list_, &watch_); }

 private:
  std::vector<OpenWatch*>& list_;
  OpenWatch& watch_;
};

tl::unexpected<StoreError> store_failure(CallError error) {
  return tl::unexpected(std::move(error.error));
}

}  // namespace

// The coroutines share it, so that they may outlive the store.
struct EtcdStore::State {
  State(asio::any_io_executor the_executor, configuration::EtcdSettings settings, std::string_view host,
        EtcdLimits limits)
      : executor(std::move(the_executor)),
        session(executor, std::move(settings), host, limits),
        granting(executor, 1),
        until_keep_alive(executor) {
    session.on_move = [this](std::size_t from) { end_watches_at(from); };
  }

  void end_watches_at(std::size_t endpoint) {
    for (OpenWatch* const watch : watches) {
      if (watch->endpoint == endpoint) {
        watch->end.cancel();
      }
    }
  }

  asio::any_io_executor executor;
  EtcdSession session;
  Slots granting;
  LeaseId lease = 0;  // 0: none
  asio::steady_timer until_keep_alive;
  bool is_closed = false;
  ClusterId cluster;  // of the last read
  std::vector<OpenWatch*> watches;
};

namespace {

using SharedState = std::shared_ptr<EtcdStore::State>;

asio::awaitable<StoreResult<Snapshot>> read_prefix(SharedState state, std::string prefix) {
  auto body = co_await state->session.call(read_request(prefix), Repeat::always);
  if (!body) {
    co_return store_failure(std::move(body.error()));
  }
  auto answer = parse_read(*body);
  if (!answer) {
    state->session.count(answer.error().reason);
    co_return tl::unexpected(std::move(answer.error()));
  }
  state->cluster = std::move(answer->cluster);
  co_return std::move(answer->snapshot);
}

asio::awaitable<StoreResult<LeaseId>> lease_of(SharedState state) {
  const auto slot = co_await state->granting.take();
  if (!slot) {
    co_return tl::unexpected(StoreError{Unreachable::cancelled, "cancelled"});
  }
  if (state->lease == 0) {
    // Of a grant whose response is lost, nobody uses the lease: it expires.
    auto body = co_await state->session.call(grant_request(state->session.limits().lease), Repeat::always);
    if (!body) {
      co_return store_failure(std::move(body.error()));
    }
    CO_TRY_LET(state->lease, parse_grant(*body));
  }
  co_return state->lease;
}

asio::awaitable<CallResult<std::string>> send_transaction(SharedState state, const Transaction& transaction,
                                                          bool is_leased) {
  LeaseId lease = 0;
  if (is_leased) {
    auto granted = co_await lease_of(state);
    if (!granted) {
      co_return tl::unexpected(CallError{std::move(granted.error())});
    }
    lease = *granted;
  }
  auto body = co_await state->session.call(commit_request(transaction, lease), Repeat::only_if_not_sent);
  if (!body && body.error().reaction == Reaction::lease_gone && state->lease == lease) {
    state->lease = 0;
  }
  co_return body;
}

asio::awaitable<StoreResult<Committed>> commit_transaction(SharedState state, Transaction transaction) {
  if (transaction.compare.empty()) {
    co_return tl::unexpected(StoreError{Unreachable::bad_answer, "a transaction without a comparison is not sent"});
  }
  const bool is_leased = std::ranges::any_of(transaction.put, [](const auto& put) { return put.leased; });
  auto body = co_await send_transaction(state, transaction, is_leased);
  if (!body && body.error().reaction == Reaction::lease_gone) {
    body = co_await send_transaction(state, transaction, is_leased);
  }
  if (!body) {
    co_return store_failure(std::move(body.error()));
  }
  auto committed = parse_commit(*body);
  if (!committed) {
    state->session.count(committed.error().reason);
  }
  co_return committed;
}

asio::awaitable<void> keep_outcome(asio::awaitable<CallResult<void>> call, std::optional<CallResult<void>>* outcome) {
  try {
    outcome->emplace(co_await std::move(call));
  } catch (const boost::system::system_error&) {
    // Asio throws a cancellation that arrives between two awaits.
    outcome->emplace(tl::unexpected(CallError{{Unreachable::cancelled, "cancelled"}}));
  }
}

// Until the stream ends, or `open.end` is cancelled.
asio::awaitable<CallError> receive(SharedState state, GatewayRequest request, EtcdWatch& watch, OpenWatch& open) {
  using asio::experimental::awaitable_operators::operator||;
  std::optional<CallResult<void>> outcome;
  auto call = state->session.stream(std::move(request), [&watch](std::string_view piece) { return watch.take(piece); });
  co_await (keep_outcome(std::move(call), &outcome) || expired(open.end));
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) {
    co_return CallError{{Unreachable::cancelled, "cancelled"}};
  }
  if (outcome && *outcome && !watch.ended()) {
    watch.finish();
  }
  if (watch.ended()) {
    co_return *watch.ended();
  }
  if (outcome && !*outcome && outcome->error().error.reason != Unreachable::cancelled) {
    co_return std::move(outcome->error());
  }
  co_return CallError{store_error(Unreachable::connect, "watching etcd: another call to the same member has failed")};
}

asio::awaitable<StoreError> watch_prefix(SharedState state, std::string prefix, Revision first,
                                         Store::Changed changed) {
  OpenWatch open(state->executor, state->session.current(), prefix);
  const Listed listed(state->watches, open);
  EtcdWatch watch(state->session, first, state->cluster, std::move(changed));
  CallError error = co_await receive(state, watch_request(prefix, first), watch, open);
  state->session.count(error.error.reason);
  if (error.reaction == Reaction::authenticate) {
    state->session.forget_token();
  } else if (error.reaction == Reaction::elsewhere) {
    state->session.move_on(open.endpoint);
  }
  co_return std::move(error.error);
}

// A member that is stopped says nothing on a watch: one small call in each interval finds it out.
asio::awaitable<void> keep_alive_once(SharedState state) {
  const LeaseId lease = state->lease;
  if (lease == 0) {
    if (!state->watches.empty()) {
      const std::string prefix = state->watches.front()->prefix;
      co_await state->session.call(probe_request(prefix), Repeat::always);
    }
    co_return;
  }
  const auto body = co_await state->session.call(keep_alive_request(lease), Repeat::always);
  if (!body) {
    co_return;
  }
  const auto is_alive = parse_keep_alive(*body);
  if (is_alive && !*is_alive && state->lease == lease) {
    state->lease = 0;  // the watch says which keys have vanished with it
  }
}

asio::awaitable<void> revoke(SharedState state) {
  const LeaseId lease = std::exchange(state->lease, 0);
  if (lease != 0) {
    co_await state->session.call(revoke_request(lease), Repeat::always);
  }
}

asio::awaitable<void> keep_alive_until_closed(SharedState state) {
  while (!state->is_closed) {
    state->until_keep_alive.expires_after(state->session.limits().keep_alive);
    co_await state->until_keep_alive.async_wait(kAsTuple);
    bool stopped = co_await stop_requested();
    if (!stopped && !state->is_closed) {
      co_await keep_alive_once(state);
      stopped = co_await stop_requested();
    }
    if (stopped) {
      co_return;
    }
  }
  co_await revoke(state);
}

}  // namespace

EtcdStore::EtcdStore(asio::any_io_executor executor, configuration::EtcdSettings settings, std::string_view host,
                     EtcdLimits limits)
    : state_(std::make_shared<State>(std::move(executor), std::move(settings), host, limits)) {}

EtcdStore::~EtcdStore() {
  state_->is_closed = true;
  state_->until_keep_alive.cancel();
}

asio::awaitable<StoreResult<Snapshot>> EtcdStore::read(std::string prefix) {
  return read_prefix(state_, std::move(prefix));
}

asio::awaitable<StoreResult<Committed>> EtcdStore::commit(Transaction transaction) {
  return commit_transaction(state_, std::move(transaction));
}

asio::awaitable<StoreError> EtcdStore::watch(std::string prefix, Revision first, Changed changed) {
  return watch_prefix(state_, std::move(prefix), first, std::move(changed));
}

asio::awaitable<void> EtcdStore::keep_lease() {
  return keep_alive_until_closed(state_);
}

std::vector<std::pair<Unreachable, std::uint64_t>> EtcdStore::failures() const {
  return state_->session.failures();
}

}  // namespace renewd::fleet
