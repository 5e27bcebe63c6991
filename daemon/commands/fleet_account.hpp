// What the `fleet` commands do to the keys of one account. Each change is tried again when another host was faster.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "core/error.hpp"
#include "fleet/local_record.hpp"
#include "fleet/sealed.hpp"
#include "fleet/store.hpp"
#include "fleet/view.hpp"
#include "renewal/share.hpp"

namespace renewd::commands {

Error error_of(const fleet::StoreError& error);

class FleetAccount {
 public:
  // `store` must outlive this object.
  FleetAccount(fleet::Store& store, const std::string& prefix, std::string account)
      : store_(store), keys_(prefix, account), account_(std::move(account)) {}

  const fleet::Keys& keys() const { return keys_; }
  const std::string& id() const { return account_; }

  // Error kind of all: fleet. The texts say what was done.
  boost::asio::awaitable<Result<fleet::View>> read();
  boost::asio::awaitable<Result<std::string>> halt(fleet::MemberName member, TimePoint now);
  boost::asio::awaitable<Result<std::string>> resume();
  // The first key seals what any of them opens.
  boost::asio::awaitable<Result<std::string>> reseal(std::vector<fleet::FleetKey> keys);
  // Returns the header of the new generation. Its number is above `local.highest`.
  boost::asio::awaitable<Result<fleet::Header>> publish(std::vector<fleet::FleetKey> keys, fleet::MemberName member,
                                                        renewal::Shareable shareable, fleet::LocalRecord local,
                                                        TimePoint now);
  // Whether this user may write the account's keys; leaves nothing behind.
  boost::asio::awaitable<fleet::StoreResult<void>> check_writable();

 private:
  // Nothing: there is nothing to change.
  using Change = std::function<Result<std::optional<fleet::Transaction>>(const fleet::View&)>;
  boost::asio::awaitable<Result<void>> change(Change change);

  fleet::Store& store_;
  fleet::Keys keys_;
  std::string account_;
};

}  // namespace renewd::commands
