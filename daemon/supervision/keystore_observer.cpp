#include "supervision/keystore_observer.hpp"

#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "renewal/renewal.hpp"
#include "state/generations.hpp"
#include "state/history.hpp"
#include "state/lock.hpp"

namespace renewd::supervision {

KeystoreObserver::KeystoreObserver(const renewal::RenewalContext& context, Announcer& announcer,
                                   state::StatePaths paths)
    : context_(context), announcer_(announcer), paths_(std::move(paths)) {}

bool KeystoreObserver::was_replaced() const {
  const auto bytes = context_.keystore.read_bytes();
  return bytes ? digest_ != certificate::digest_of(*bytes) : digest_.has_value();
}

void KeystoreObserver::observe(const keystore::InstalledKeystore& installed, TimePoint now) {
  const auto& certificate = installed.keystore.certificate;
  std::string fingerprint = certificate.fingerprint_sha256();
  if (!fingerprint_.empty() && fingerprint != fingerprint_ && fingerprint != expected_) {
    announcer_.replaced(find_author(fingerprint), certificate, newer_stored(certificate));
  }
  digest_ = certificate::digest_of(installed.bytes);
  fingerprint_ = std::move(fingerprint);
  expected_.clear();  // from now on, that certificate coming back is news
  observed_at_ = now;
}

void KeystoreObserver::observe_unreadable() {
  const auto bytes = context_.keystore.read_bytes();
  digest_ = bytes ? std::optional(certificate::digest_of(*bytes)) : std::nullopt;
}

std::optional<state::Generation> KeystoreObserver::newer_stored(const certificate::Certificate& certificate) const {
  return state::longer_lasting(state::Generations(context_.filesystem, paths_), certificate.not_after());
}

std::string KeystoreObserver::find_author(const std::string& fingerprint) const {
  const auto holder = state::lock_holder(context_.filesystem, paths_.lock());
  if (holder && *holder && !(*holder)->starts_with(fmt::format("gravitee-renewd {}", renewal::kCheckingHolder))) {
    return fmt::format("{} replaced the keystore and activates the gateway", **holder);
  }
  // After a roll-back, the history has the certificate that was given up.
  const auto past = state::History(context_.filesystem, paths_).list();
  const bool since = !past.empty() && past.back().ended >= std::chrono::floor<std::chrono::seconds>(observed_at_);
  if (since && (past.back().outcome == "rolled_back" || past.back().fingerprint == fingerprint)) {
    return "a command run by hand replaced the keystore and activated the gateway";
  }
  return fmt::format(
      "the keystore was replaced externally; this daemon does not activate the gateway for it (if it is meant to stay, "
      "and the gateway does not use it yet: `gravitee-renewd activate {}`)",
      paths_.directory().filename().string());
}

}  // namespace renewd::supervision
