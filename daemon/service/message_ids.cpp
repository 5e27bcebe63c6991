#include "service/journal.hpp"

namespace renewd::service {

// Random, and never changed: message catalogues and searches go by them (docs/events.md lists them).
std::string_view message_id(EventName name) {
  switch (name) {
    case EventName::daemon_started:
      return "4808f46ecfd5433caf20168e5eb85028";
    case EventName::daemon_stopping:
      return "070e4d0824714213af665c7ac7e98c40";
    case EventName::config_reloaded:
      return "8393d2d31b7b4698a51ffd91928dcfed";
    case EventName::config_rejected:
      return "c8175605494b4469b3bff9c4b557497a";
    case EventName::certificate_checked:
      return "654c9cb9424f46c69464f67a2968277d";
    case EventName::certificate_changed_on_disk:
      return "d807b01efa26425eb918b6e808f162cf";
    case EventName::certificate_expiring:
      return "dede2681b73e4091a9e23dba682e5b53";
    case EventName::certificate_expired:
      return "6b7c2c3c80814ead8dd23be76a81fcc3";
    case EventName::certificate_unreadable:
      return "f33330653ec44e85b1ec376eaf03202b";
    case EventName::renewal_due:
      return "b6f214a097c14b2b8764c8d271646dc4";
    case EventName::renewal_requested:
      return "064afc5ada144daebd4d7f22ac6af01f";
    case EventName::renewal_answered:
      return "8e22d5f2722b4b07b546d6fef04f293d";
    case EventName::renewal_rejected:
      return "54a7d48dd3404c39a98e71fad3573b3b";
    case EventName::renewal_failed:
      return "067dc567ad304d8bb72e3e375fe69050";
    case EventName::keystore_installed:
      return "aa7907ea328b4a2180f164649b5e3eaf";
    case EventName::gateway_output:
      return "47ec863396e942a7a66cc3bfd9cfbe04";
    case EventName::gateway_activated:
      return "14ae4c77c990405d8811134d11978bbd";
    case EventName::gateway_activation_failed:
      return "951308bb3543447387c285a42f4d4f5b";
    case EventName::gateway_verified:
      return "b79fd01ceb154a6c9adb8e74db519eb0";
    case EventName::gateway_verification_failed:
      return "bb4a8c24df9e4039a82a1c6c1f0be21e";
    case EventName::renewal_rolled_back:
      return "5ae25e3a3a0540529fde1101d978ab5f";
    case EventName::renewal_completed:
      return "182ade1dca3647fab9a4e8d332a74c7a";
    case EventName::renewal_resumed:
      return "0ec919f3268a4dd6bbe366182b4127e9";
    case EventName::clock_skewed:
      return "297756c17010464da516a872e7be6a60";
    case EventName::clock_changed:
      return "ae691e5b904b4c3c8cb0150af0bda803";
    case EventName::token_unusable:
      return "d4f022778ed24798aa026c08f9af799d";
    case EventName::monitoring_unavailable:
      return "82984192e88d4a1b8bb76f2a57d67a9e";
    case EventName::log_lines_dropped:
      return "6e2172314a0c9ef7767bb170868c516c";
    case EventName::fleet_leading:
      return "c440be9f60c14f0c833850dacd742f74";
    case EventName::fleet_following:
      return "c35c62dc5c914628b0d1e8381f8bc83e";
    case EventName::fleet_unreachable:
      return "8612d7bf6dfd49119846be4a27ea8515";
  }
  return "";
}

}  // namespace renewd::service
