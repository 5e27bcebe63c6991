// The failures of renewals: counts those of `renew`, for `check` on a host where a timer runs it. Does nothing while a
// daemon runs, which counts its own. Ignores its own errors: with a full disk, `renew` has failed anyway.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"
#include "state/retry_state.hpp"

namespace renewd::commands {

void remember_failure(Filesystem& filesystem, const std::filesystem::path& state_directory,
                      const std::string& certificate, const Error& error, TimePoint now);
void forget_failures(Filesystem& filesystem, const std::filesystem::path& state_directory,
                     const std::string& certificate);
// That a timer has run `renew` for the certificate, and when the installed one expires, if it can be read.
void remember_run(Filesystem& filesystem, const std::filesystem::path& state_directory, const std::string& certificate,
                  std::optional<TimePoint> not_after, TimePoint now);

// The last one, for people: "2026-11-24 05:42 UTC, server_error: requesting a certificate: …".
std::string last_error(const state::RetryState& attempts);

}  // namespace renewd::commands
