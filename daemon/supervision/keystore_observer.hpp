// Notices that the installed keystore was replaced, and by whom.
#pragma once

#include <optional>
#include <string>

#include "certificate/digest.hpp"
#include "core/clock.hpp"
#include "renewal/context.hpp"
#include "state/generations.hpp"
#include "state/paths.hpp"
#include "supervision/announcer.hpp"

namespace renewd::supervision {

class KeystoreObserver {
 public:
  // `context` and `announcer` must outlive this object.
  KeystoreObserver(const renewal::RenewalContext& context, Announcer& announcer, state::StatePaths paths);

  // Whether the keystore has changed since it was last observed.
  bool was_replaced() const;
  // Announces a certificate that is neither the one of the last call nor an expected one.
  void observe(const keystore::InstalledKeystore& installed, TimePoint now);
  // This daemon's renewal installs the certificate, or has logged that it was installed externally.
  void expect(const certificate::Certificate& certificate) { expected_ = certificate.fingerprint_sha256(); }
  // It cannot be opened. Its content is remembered, so that a replacement is noticed.
  void observe_unreadable();

 private:
  // A stored keystore that expires later.
  std::optional<state::Generation> newer_stored(const certificate::Certificate& certificate) const;
  // Who replaced it, as the beginning of a sentence.
  std::string find_author(const std::string& fingerprint) const;

  const renewal::RenewalContext& context_;
  Announcer& announcer_;
  state::StatePaths paths_;
  // Of the keystore as it was last observed; nothing if it could not be read.
  std::optional<certificate::Digest> digest_;
  std::string fingerprint_;
  std::string expected_;
  TimePoint observed_at_;
};

}  // namespace renewd::supervision
