#include "commands/fleet_account.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/try.hpp"
#include "fleet/transactions.hpp"

namespace renewd::commands {
namespace {

namespace asio = boost::asio;
using fleet::Transaction;
using fleet::View;
using Changed = Result<std::optional<Transaction>>;

constexpr int kTries = 5;
constexpr auto kNeverReached = std::numeric_limits<fleet::Revision>::max();

// What must not be overwritten, because it cannot be understood.
template <typename T>
Result<void> check_understood(const fleet::Versioned<T>& value, const std::string& key) {
  return value.refused && value.refused->refusal == fleet::Refusal::newer_version
             ? Result<void>(failure(ErrorKind::fleet, fmt::format("{}: {}", key, value.refused->message),
                                    "upgrade gravitee-renewd on this host"))
             : Result<void>();
}

std::string name_of(const fleet::Header& header) {
  return fmt::format("generation {} (serial {}, valid until {})", header.generation,
                     printable(header.certificate.serial), format_time(header.certificate.not_after));
}

// The members that show another key than these, as the one that they seal with.
std::vector<std::string> others_than(const View& view, const std::vector<std::string>& key_ids) {
  std::vector<std::string> names;
  for (const auto& [name, member] : view.members) {
    if (member.value && std::ranges::find(key_ids, member.value->key_id) == key_ids.end()) {
      names.push_back(printable(name));
    }
  }
  return names;
}

// With the wrong key, what is published would be of no use to the others.
Result<void> check_majority_has(const View& view, const std::vector<fleet::FleetKey>& keys) {
  std::vector<std::string> ids;
  std::ranges::transform(keys, std::back_inserter(ids), &fleet::FleetKey::id);
  const auto others = others_than(view, ids);
  return 2 * others.size() <= view.members.size()
             ? Result<void>()
             : failure(ErrorKind::fleet, fmt::format("most hosts have another fleet key: {}", fmt::join(others, ", ")),
                       "correct fleet.etcd.key on this host, or give the others the same key first");
}

std::string still_restarting(const fleet::Rollout& rollout) {
  std::vector<std::string> names;
  names.reserve(rollout.holders.size());
  for (const auto& holder : rollout.holders) {
    names.push_back(printable(holder.member));
  }
  return names.empty() ? "" : fmt::format("; restarting now: {}", fmt::join(names, ", "));
}

Error error_of(const fleet::RefusedValue& refused) {
  return {ErrorKind::fleet, fmt::format("{}: {}", to_string(refused.refusal), refused.message)};
}

}  // namespace

Error error_of(const fleet::StoreError& error) {
  return {ErrorKind::fleet, fmt::format("etcd: {} ({})", error.message, to_string(error.reason)), std::nullopt,
          std::nullopt, error.advice};
}

asio::awaitable<Result<View>> FleetAccount::read() {
  auto snapshot = co_await store_.read(keys_.base());
  if (!snapshot) {
    co_return tl::unexpected(error_of(snapshot.error()));
  }
  co_return fleet::view_of(*snapshot, keys_);
}

asio::awaitable<Result<void>> FleetAccount::change(Change change) {
  Error last{ErrorKind::fleet, "other hosts changed the fleet's keys at the same time; run the command again"};
  for (int i = 0; i < kTries; ++i) {
    CO_TRY_LET(const View view, co_await read());
    CO_TRY_LET(auto transaction, change(view));
    if (!transaction) {
      co_return Result<void>();
    }
    const auto committed = co_await store_.commit(std::move(*transaction));
    if (committed && committed->succeeded) {
      co_return Result<void>();
    }
    if (!committed) {
      // It may have been applied all the same: the next look at the keys says so.
      last = error_of(committed.error());
    }
  }
  co_return tl::unexpected(std::move(last));
}

asio::awaitable<Result<std::string>> FleetAccount::halt(fleet::MemberName member, TimePoint now) {
  const auto key = keys_.rollout();
  std::string done;
  const auto halting = [&](const View& view) -> Changed {
    TRY(check_understood(view.rollout, key));
    const auto rollout = fleet::current_rollout(view);
    done = rollout.generation == 0
               ? "halted: whatever is published next restarts no gateway"
               : fmt::format("halted: generation {} restarts no further gateway{}", rollout.generation,
                             rollout.holders.empty() ? "" : "; what has begun is finished");
    if (rollout.halt && rollout.halt->reason == fleet::HaltReason::by_operator) {
      return std::nullopt;
    }
    return fleet::write_rollout(view, keys_, fleet::halted(rollout, {fleet::HaltReason::by_operator, member, now}));
  };
  CO_TRY(co_await change(halting));
  co_return done;
}

asio::awaitable<Result<std::string>> FleetAccount::resume() {
  const auto key = keys_.rollout();
  std::string done = "nothing is halted";
  const auto resuming = [&](const View& view) -> Changed {
    TRY(check_understood(view.rollout, key));
    const auto rollout = fleet::current_rollout(view);
    const auto resumed = fleet::resumed(rollout, view);
    if (resumed == rollout) {
      done += still_restarting(rollout);
      return std::nullopt;
    }
    const auto dropped = rollout.holders.size() - resumed.holders.size();
    const auto excused = resumed.excused.size() - rollout.excused.size();
    done = (resumed.generation == 0 ? "the restarts may begin with the next certificate"
                                    : fmt::format("the restarts with generation {} continue", resumed.generation)) +
           (dropped == 0 ? ""
                         : fmt::format("; {} missing or down, and no longer waited for",
                                       dropped == 1 ? "1 host is" : fmt::format("{} hosts are", dropped))) +
           (excused == 0 ? ""
                         : fmt::format("; {} that failed or {} lost {} not halt them again",
                                       excused == 1 ? "1 host" : fmt::format("{} hosts", excused),
                                       excused == 1 ? "was" : "were", excused == 1 ? "does" : "do")) +
           still_restarting(resumed);
    return fleet::write_rollout(view, keys_, resumed);
  };
  CO_TRY(co_await change(resuming));
  co_return done;
}

asio::awaitable<Result<std::string>> FleetAccount::reseal(std::vector<fleet::FleetKey> keys) {
  const auto key = keys_.generation();
  std::string done;
  const auto resealing = [&](const View& view) -> Changed {
    if (view.generation.is_absent()) {
      done = "nothing has been published yet";
      return std::nullopt;
    }
    if (!view.generation.value) {
      return tl::unexpected(error_of(*view.generation.refused));
    }
    const auto& header = view.generation.value->header;
    if (header.key_id == keys.front().id()) {
      // Perhaps by the try before this one.
      done = done.empty()
                 ? fmt::format("generation {} is sealed with this key already ({})", header.generation, header.key_id)
                 : done;
      return std::nullopt;
    }
    const auto others = others_than(view, {keys.front().id()});
    if (!others.empty()) {
      return failure(ErrorKind::fleet,
                     fmt::format("not all hosts have this key as `fleet.etcd.key`: {}", fmt::join(others, ", ")),
                     "exchange the keys there, and reload the daemons, before you run this again");
    }
    const auto contents = fleet::open(keys, key, account_, *view.generation.value);
    if (!contents) {
      return tl::unexpected(error_of(contents.error()));
    }
    TRY_LET(const auto sealed, fleet::seal(keys.front(), key, header, *contents));
    done = fmt::format("{} is now sealed with the key {}", name_of(header), keys.front().id());
    return fleet::reseal(view, keys_, sealed);
  };
  CO_TRY(co_await change(resealing));
  co_return done;
}

asio::awaitable<Result<fleet::Header>> FleetAccount::publish(std::vector<fleet::FleetKey> keys,
                                                             fleet::MemberName member, renewal::Shareable shareable,
                                                             fleet::LocalRecord local, TimePoint now) {
  fleet::Header header{.account = account_,
                       .generation = local.highest + 1,
                       .key_id = {},
                       .salt = {},
                       .published_by = std::move(member),
                       .claim = "by_hand",
                       .at = now,
                       .certificate = shareable.certificate};
  const fleet::Contents contents{std::move(shareable.answer), std::move(shareable.identity)};
  const auto path = keys_.generation();
  bool attempted = false;
  const auto publishing = [&](const View& view) -> Changed {
    TRY(check_understood(view.generation, path));
    TRY(check_understood(view.renewal, keys_.renewal()));
    TRY(check_majority_has(view, keys));
    if (const auto& published = view.generation.value) {
      if (attempted && published->header.certificate == header.certificate) {
        return std::nullopt;  // it was applied, although etcd did not say so
      }
      if (published->header.certificate == header.certificate) {
        const bool is_lost = std::ranges::find(keys, published->header.key_id, &fleet::FleetKey::id) == keys.end();
        if (!is_lost) {
          return failure(ErrorKind::fleet, fmt::format("the installed certificate is published already, as {}",
                                                       name_of(published->header)));
        }
        // The same generation: who has it installed need not do anything.
        header = published->header;
        TRY_LET(const auto sealed, fleet::seal(keys.front(), path, header, contents));
        attempted = true;
        return fleet::reseal(view, keys_, sealed);
      }
      if (!fleet::is_later(header.certificate, published->header.certificate)) {
        return failure(
            ErrorKind::fleet,
            fmt::format("the installed certificate (valid until {}) is not later than the published {}",
                        format_time(header.certificate.not_after), name_of(published->header)),
            "only a later certificate becomes the fleet's; gravitee-renewd fleet status says when this host takes over "
            "the published one");
      }
      header.generation = std::max(header.generation, published->header.generation + 1);
    }
    TRY_LET(const auto sealed, fleet::seal(keys.front(), path, header, contents));
    attempted = true;
    return fleet::publish(view, keys_, sealed);
  };
  CO_TRY(co_await change(publishing));
  co_return header;
}

// etcd checks the permissions of both branches of a transaction before it compares, so that one which can never succeed
// tells whether its put would be allowed (checkTxnAuth in etcd's apply_auth.go).
asio::awaitable<fleet::StoreResult<void>> FleetAccount::check_writable() {
  const std::string key = keys_.base() + "permission-check";
  Transaction transaction{.compare = {{key, kNeverReached}}, .put = {{key, "never written"}}, .read = keys_.base()};
  auto committed = co_await store_.commit(std::move(transaction));
  if (!committed) {
    co_return tl::unexpected(std::move(committed.error()));
  }
  co_return fleet::StoreResult<void>();
}

}  // namespace renewd::commands
