// etcd over its JSON gateway (docs/decisions/0017-etcd-by-its-json-gateway.md). All members of one process share it:
// its token, its lease and its choice of an endpoint.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "configuration/settings.hpp"
#include "fleet/etcd_session.hpp"
#include "fleet/store.hpp"

namespace renewd::fleet {

class EtcdStore final : public Store {
 public:
  // `host` chooses the first endpoint: each host begins at another one. `settings` names at least one.
  EtcdStore(boost::asio::any_io_executor executor, configuration::EtcdSettings settings, std::string_view host,
            EtcdLimits limits = {});
  ~EtcdStore() override;

  // Each tries every endpoint at most once, and waits for nothing in between: the caller decides when to try again.
  boost::asio::awaitable<StoreResult<Snapshot>> read(std::string prefix) override;
  // Takes a lease for the puts that need one. Goes to another endpoint only if etcd has certainly not received the
  // transaction. A transaction that compares nothing is refused.
  boost::asio::awaitable<StoreResult<Committed>> commit(Transaction transaction) override;
  boost::asio::awaitable<StoreError> watch(std::string prefix, Revision first, Changed changed) override;

  // Renews the lease, as long as there is one, until it is cancelled or this object is destroyed, which also ends the
  // lease: the keys with it vanish. If renewing fails, the watches end, to be opened at another endpoint: a member that
  // was stopped is silent.
  boost::asio::awaitable<void> keep_lease();

  std::vector<std::pair<Unreachable, std::uint64_t>> failures() const override;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace renewd::fleet
