// What a member adopts from the fleet, and publishes for it.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/blocking.hpp"
#include "core/try.hpp"
#include "fleet/transactions.hpp"
#include "supervision/fleet_member.hpp"

namespace renewd::supervision {

namespace asio = boost::asio;

namespace {

using namespace std::chrono_literals;

// After a failure of this host, such as a full disk.
constexpr std::chrono::seconds kRetryAdoption = 1min;

}  // namespace

// Nothing is decided by a header that anybody could have written: what it heads must open.
asio::awaitable<void> FleetMember::check_generation() {
  const auto& generation = view_.view()->generation;
  if (!generation.value || generation.revision == checked_.revision || fleet_keys_.empty()) {
    co_return;
  }
  const fleet::Published published = *generation.value;
  const fleet::Revision revision = generation.revision;
  auto opened = co_await run_blocking(context_.pool, [&] {
    return fleet::open(fleet_keys_, view_.keys().generation(), certificate_.account_id(), published);
  });
  checked_ = {revision, std::nullopt, opened.has_value()};
  // With another key it may be right for the others.
  if (!opened && opened.error().refusal != fleet::Refusal::wrong_key) {
    announcer_.refused(view_.keys().generation(), revision, opened.error());
    checked_.refused = fleet::RefusedValue{fleet::Refusal::tampered, opened.error().message};
  }
  // Harmless, since nothing is adopted that is not later; but somebody should know.
  const auto number = published.header.generation;
  if (opened && number < local_.highest) {
    announcer_.refused(view_.keys().generation(), revision,
                       {fleet::Refusal::replayed,
                        fmt::format("generation {} is published, but {} was: etcd was restored from a backup, or "
                                    "somebody has put an earlier value back",
                                    number, local_.highest)});
  }
}

fleet::View FleetMember::trusted_view() const {
  fleet::View view = *view_.view();
  if (checked_.refused && view.generation.revision == checked_.revision) {
    view.generation.value.reset();
    view.generation.refused = checked_.refused;
  }
  return view;
}

asio::awaitable<FleetMember::Done> FleetMember::judge() {
  CO_TRY_LET(const auto certificate, co_await renewal_.judge(std::string(kHolder)));
  if (!certificate) {
    co_return wait_until(context_.clock.now(), "");
  }
  answer_ = state::record_of(*certificate);
  const auto& published = decided_on_.generation.value;
  const bool is_published =
      published_generation() != 0 && published->header.certificate.fingerprint == answer_->fingerprint;
  CO_TRY(remember(local_.with(answer_->fingerprint, is_published ? published->header.generation : 0)));
  co_return std::nullopt;
}

asio::awaitable<FleetMember::Done> FleetMember::adopt() {
  const fleet::Published published = *decided_on_.generation.value;
  const fleet::Revision revision = decided_on_.generation.revision;
  const std::string path = view_.keys().generation();
  auto opened = co_await run_blocking(
      context_.pool, [&] { return fleet::open(fleet_keys_, path, certificate_.account_id(), published); });
  if (!opened) {
    announcer_.refused(path, revision, opened.error());
    unable_ = {revision, opened.error().message};
    co_return std::nullopt;
  }
  auto adopted = co_await renewal_.adopt(std::string(kHolder), std::move(opened->answer), std::move(opened->identity),
                                         published.header.certificate.fingerprint);
  if (!adopted) {
    unable_ = {revision, adopted.error().message};
    if (adopted.error().kind != ErrorKind::bad_answer) {
      unable_.until = context_.clock.now() + kRetryAdoption;
    } else if (adopted.error().reason == RejectionReason::not_yet_valid) {
      unable_.until = published.header.certificate.not_before;
    }
    co_await write_presence(fleet::MemberState::unable, unable_.message);
    co_return tl::unexpected(std::move(adopted.error()));
  }
  answer_ = state::record_of(*adopted);
  CO_TRY(remember(local_.with(answer_->fingerprint, published.header.generation)));
  has_adopted_ = true;
  announcer_.adopted(published.header);
  co_return std::nullopt;
}

asio::awaitable<FleetMember::Done> FleetMember::publish() {
  const std::string path = view_.keys().generation();
  const auto& renewal = decided_on_.renewal.value;
  const bool has_claim = renewal && renewal->claim && renewal->claim->member == name_;
  auto shared = co_await renewal_.share();
  if (!shared) {
    if (last_self_->stage == fleet::Self::Stage::none && shared.error().kind == ErrorKind::bad_answer) {
      unpublishable_ = last_self_->installed->fingerprint;
      context_.log.event(Level::warning, EventName::fleet_published, certificate_.name,
                         "the installed certificate cannot be published: " + shared.error().message);
      co_return std::nullopt;
    }
    co_return tl::unexpected(std::move(shared.error()));
  }
  fleet::Header header{.account = certificate_.account_id(),
                       .generation = std::max(published_generation(), local_.highest) + 1,
                       .key_id = {},
                       .salt = {},
                       .published_by = name_,
                       .claim = has_claim ? renewal->claim->id : "alone",
                       .at = context_.clock.now(),
                       .certificate = shared->certificate};
  fleet::Contents contents{std::move(shared->answer), std::move(shared->identity)};
  auto sealed = co_await run_blocking(
      context_.pool, [&] { return fleet::seal(fleet_keys_.front(), path, std::move(header), contents); });
  CO_TRY_LET(const fleet::Published published, std::move(sealed));
  const bool done = co_await view_.commit(fleet::publish(decided_on_, view_.keys(), published));
  if (!done) {
    co_return std::nullopt;
  }
  claim_.reset();
  request_failed_.reset();
  announcer_.published(published.header);
  CO_TRY(remember(local_.with(published.header.certificate.fingerprint, published.header.generation)));
  co_return std::nullopt;
}

asio::awaitable<FleetMember::Done> FleetMember::set_aside() {
  CO_TRY(co_await renewal_.drop_answer(std::string(kHolder)));
  answer_.reset();
  co_return std::nullopt;
}

}  // namespace renewd::supervision
