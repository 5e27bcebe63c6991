// A member's claim to request the certificate: made, confirmed right before the request, ended after a failure.
#include <algorithm>
#include <utility>

#include "core/try.hpp"
#include "fleet/transactions.hpp"
#include "supervision/fleet_member.hpp"

namespace renewd::supervision {

namespace asio = boost::asio;
using fleet::MemberState;

namespace {

using namespace std::chrono_literals;

bool is_of_this_host(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::unauthorized:
    case ErrorKind::bad_answer:
    case ErrorKind::disk:
    case ErrorKind::gateway:
    case ErrorKind::fleet:
    case ErrorKind::cancelled:
    case ErrorKind::busy:
      return true;
    case ErrorKind::dns:
    case ErrorKind::connect:
    case ErrorKind::tls:
    case ErrorKind::proxy:
    case ErrorKind::timeout:
    case ErrorKind::client_error:
    case ErrorKind::rate_limited:
    case ErrorKind::server_error:
      break;
  }
  return false;
}

}  // namespace

// Whatever could stop the renewal after the answer must stop it before the claim.
asio::awaitable<FleetMember::Done> FleetMember::request(fleet::Step step, HostSituation situation) {
  CO_TRY(co_await renewal_.rehearse(std::string(kHolder)));
  const fleet::Now before = now();
  const std::string id = step.renewal->claim->id;
  const bool claimed = co_await view_.commit(fleet::write_renewal(decided_on_, view_.keys(), *step.renewal));
  if (!claimed) {
    co_return std::nullopt;
  }
  claim_ = id;
  claim_confirmed_ = before;
  request_failed_.reset();
  announcer_.leading();
  co_await write_presence(MemberState::leading, "");
  renewal::Step planned = std::move(situation.planned);
  planned.act = renewal::Act::obtain;
  co_return planned;
}

asio::awaitable<Result<void>> FleetMember::confirm_claim() {
  if (alone_) {
    co_return Result<void>();
  }
  if (!claim_) {
    co_return failure(ErrorKind::fleet, "this host has no claim to request a certificate for the fleet");
  }
  const fleet::Now before = now();
  const auto by_wall = before.wall - claim_confirmed_.wall;
  if (before.boot - claim_confirmed_.boot < fleet::kClaimIsFresh && by_wall >= 0s && by_wall < fleet::kClaimIsFresh) {
    co_return Result<void>();
  }
  (void)co_await view_.refresh();
  auto renewal = fleet::confirmed(*view_.view(), *claim_);
  bool is_confirmed = false;
  if (renewal) {
    is_confirmed = co_await view_.commit(fleet::write_renewal(*view_.view(), view_.keys(), *renewal));
  }
  if (!is_confirmed || now().boot - before.boot >= fleet::kClaimIsFresh) {
    co_return failure(ErrorKind::fleet, "the claim to request a certificate for the fleet could not be confirmed");
  }
  claim_confirmed_ = before;
  co_return Result<void>();
}

bool FleetMember::claim_stands() const {
  return claim_ && view_.view() != nullptr && fleet::confirmed(*view_.view(), *claim_);
}

void FleetMember::failed(const Error& error, std::chrono::seconds delay) {
  // An answer that was adopted, and is refused after a change of the settings, was not given up: it may be adopted
  // again.
  const bool is_refused = error.kind == ErrorKind::bad_answer && last_self_ &&
                          last_self_->stage == fleet::Self::Stage::answered &&
                          local_.fingerprint != last_self_->installed->fingerprint;
  if (is_refused) {
    (void)remember(local_.with("", 0));
  }
  // What is wrong with this host alone must not hold up the others: it keeps its own pace.
  retry_delay_ = is_of_this_host(error.kind) ? retry_at_least_ : std::max(delay, 1s);
  if (claim_stands()) {
    request_failed_ =
        fleet::FailedRequest{name_, std::string(to_string(error.kind)), error.message, context_.clock.now()};
  }
}

asio::awaitable<FleetMember::Done> FleetMember::end_claim(fleet::Step step) {
  const bool ended = co_await view_.commit(fleet::write_renewal(decided_on_, view_.keys(), *step.renewal));
  if (ended) {
    claim_.reset();
    request_failed_.reset();
  }
  co_return std::nullopt;
}

}  // namespace renewd::supervision
