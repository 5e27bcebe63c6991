// Hosts that share a certificate: what one hands to the others, and how those adopt it. The keystores may differ in
// password, format and alias.
#pragma once

#include <optional>

#include "core/secret.hpp"
#include "renewal/context.hpp"
#include "renewal/gate.hpp"

namespace renewd::renewal {

struct Shareable {
  std::optional<Secret> answer;  // the cloud's, as it came; nothing for an installed keystore
  Secret identity;               // PEM: PKCS#8 key, certificate, chain
  state::CertificateRecord certificate;
};

// The waiting answer or, without one, the installed keystore. Errors: bad_answer (its key cannot be read), disk.
Result<Shareable> shareable(Workspace& work);

// Stores what another host has obtained as this host's answer, and judges it. The answer is preferred, so that equal
// passwords give equal keystores; the identity is for a host that cannot open it. The caller holds the lock, and no
// renewal is under way. It may have been installed here before: with `fingerprint`, that of its certificate, the caller
// has decided that it is wanted. Errors: those of Gate::judge().
Result<Judged> adopt(Workspace& work, Gate& gate, const std::optional<Secret>& answer, const Secret& identity,
                     const std::string& fingerprint);

// Moves the waiting answer aside, and ends the renewal. The caller holds the lock. Error kind: disk.
Result<void> drop_answer(Workspace& work, const Record& record);

}  // namespace renewd::renewal
