#include <algorithm>
#include <array>

#include <boost/describe/enum_to_string.hpp>

#include "core/event_log.hpp"

namespace renewd {
namespace {

struct EventKind {
  EventName event;
  Level level;
  std::string_view message_id;  // random; never change it, since message catalogues and searches use it
};

// Also listed in docs/events.md.
constexpr std::array kEvents = std::to_array<EventKind>({
    {EventName::daemon_started, Level::info, "4808f46ecfd5433caf20168e5eb85028"},
    {EventName::daemon_stopping, Level::info, "070e4d0824714213af665c7ac7e98c40"},
    {EventName::config_reloaded, Level::info, "8393d2d31b7b4698a51ffd91928dcfed"},
    {EventName::config_rejected, Level::error, "c8175605494b4469b3bff9c4b557497a"},
    {EventName::certificate_checked, Level::info, "654c9cb9424f46c69464f67a2968277d"},
    {EventName::certificate_changed_on_disk, Level::info, "d807b01efa26425eb918b6e808f162cf"},
    {EventName::certificate_expiring, Level::warning, "dede2681b73e4091a9e23dba682e5b53"},
    {EventName::certificate_expired, Level::error, "6b7c2c3c80814ead8dd23be76a81fcc3"},
    {EventName::certificate_unreadable, Level::error, "f33330653ec44e85b1ec376eaf03202b"},
    {EventName::renewal_due, Level::info, "b6f214a097c14b2b8764c8d271646dc4"},
    {EventName::renewal_requested, Level::info, "064afc5ada144daebd4d7f22ac6af01f"},
    {EventName::renewal_answered, Level::info, "8e22d5f2722b4b07b546d6fef04f293d"},
    {EventName::renewal_rejected, Level::error, "54a7d48dd3404c39a98e71fad3573b3b"},
    {EventName::renewal_failed, Level::error, "067dc567ad304d8bb72e3e375fe69050"},
    {EventName::keystore_installed, Level::info, "aa7907ea328b4a2180f164649b5e3eaf"},
    {EventName::gateway_output, Level::info, "47ec863396e942a7a66cc3bfd9cfbe04"},
    {EventName::gateway_activated, Level::info, "14ae4c77c990405d8811134d11978bbd"},
    {EventName::gateway_activation_failed, Level::error, "951308bb3543447387c285a42f4d4f5b"},
    {EventName::gateway_verified, Level::info, "b79fd01ceb154a6c9adb8e74db519eb0"},
    {EventName::gateway_verification_failed, Level::error, "bb4a8c24df9e4039a82a1c6c1f0be21e"},
    {EventName::renewal_rolled_back, Level::warning, "5ae25e3a3a0540529fde1101d978ab5f"},
    {EventName::renewal_completed, Level::info, "182ade1dca3647fab9a4e8d332a74c7a"},
    {EventName::renewal_resumed, Level::info, "0ec919f3268a4dd6bbe366182b4127e9"},
    {EventName::clock_skewed, Level::warning, "297756c17010464da516a872e7be6a60"},
    {EventName::clock_changed, Level::info, "ae691e5b904b4c3c8cb0150af0bda803"},
    {EventName::token_unusable, Level::error, "d4f022778ed24798aa026c08f9af799d"},
    {EventName::monitoring_unavailable, Level::error, "82984192e88d4a1b8bb76f2a57d67a9e"},
    {EventName::log_lines_dropped, Level::warning, "6e2172314a0c9ef7767bb170868c516c"},
    {EventName::fleet_leading, Level::info, "c440be9f60c14f0c833850dacd742f74"},
    {EventName::fleet_following, Level::info, "c35c62dc5c914628b0d1e8381f8bc83e"},
    {EventName::fleet_unreachable, Level::warning, "8612d7bf6dfd49119846be4a27ea8515"},
    {EventName::fleet_published, Level::info, "1e030b73e38b476c8337261c932bc95c"},
    {EventName::fleet_turn, Level::info, "e6c6fc341b1744be915e008a96f71537"},
    {EventName::fleet_halted, Level::error, "bdc11c292184467fa6032db7485ea9af"},
    {EventName::fleet_resumed, Level::info, "22905db52ca2450dbb6abccc660789d8"},
    {EventName::fleet_value_refused, Level::error, "795e365784b14788976ebaaedb5a6a6e"},
    {EventName::fleet_alone, Level::warning, "f824d9b8bf074ff9a0f5f305c2f70422"},
    {EventName::fleet_conflict, Level::error, "5f9a7cfb3aa648bfa219d1d919b29005"},
});

// kind_of() needs the order of the enumeration, without gaps.
static_assert(kEvents.size() == static_cast<std::size_t>(EventName::fleet_conflict) + 1);
static_assert(std::ranges::adjacent_find(kEvents, std::ranges::greater_equal(), &EventKind::event) == kEvents.end());

const EventKind& kind_of(EventName event) {
  return kEvents[static_cast<std::size_t>(event)];
}

}  // namespace

std::string_view to_string(Level level) {
  return boost::describe::enum_to_string(level, "unknown");
}

std::string_view to_string(EventName event) {
  return boost::describe::enum_to_string(event, "unknown");
}

Level default_level(EventName event) {
  return kind_of(event).level;
}

std::string_view message_id(EventName event) {
  return kind_of(event).message_id;
}

}  // namespace renewd
