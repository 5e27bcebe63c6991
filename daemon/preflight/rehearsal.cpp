#include "preflight/rehearsal.hpp"

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "certificate/certificate.hpp"
#include "core/advice.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "renewal/policy.hpp"
#include "renewal/token_watch.hpp"
#include "state/generations.hpp"
#include "state/lock.hpp"
#include "state/state_files.hpp"

namespace renewd::preflight {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

Result<std::string> rehearse_keystore(const renewal::RenewalContext& around,
                                      const configuration::CertificateSettings& settings,
                                      const state::StatePaths& paths) {
  TRY_LET(auto installed, around.keystore.read().map_error([&](Error error) {
    return state::with_restore_advice(std::move(error), around.keystore.exists(), {around.filesystem, paths},
                                      settings.keystore.path, settings.name);
  }));
  TRY_LET(const auto trusted, keystore::read_trusted(around.filesystem, settings.keystore));
  const auto& certificate = installed.keystore.certificate;
  if (auto wait = renewal::wait_for_clock({certificate.not_before(), certificate.not_after()}, around.clock.now())) {
    return failure(ErrorKind::client_error, std::move(wait->message), std::string(kClockAdvice));
  }
  return fmt::format("{} opens ({}), valid until {}", settings.keystore.path.string(),
                     certificate::display_name(installed.keystore.format), format_time(certificate.not_after()));
}

Result<std::string> rehearse_token(const configuration::CertificateSettings& settings, TimePoint now) {
  if (!settings.token) {
    return failure(ErrorKind::unauthorized, "no token is configured: set `token`");
  }
  if (auto problem = renewal::token_problem(*settings.token, now)) {
    return failure(ErrorKind::unauthorized, std::move(problem->message), std::move(problem->advice));
  }
  return fmt::format("readable from {}", settings.token->description());
}

Result<std::string> rehearse_installation(keystore::Store& keystore) {
  return keystore.rehearse_replacement().map([&] { return fmt::format("{} can be replaced", keystore.describe()); });
}

Result<std::string> rehearse_state_directory(Filesystem& filesystem, const state::StatePaths& paths) {
  TRY(state::check_state(filesystem, paths));
  TRY(state::rehearse_state(filesystem, paths));
  const fs::path directory = state::nearest_directory(filesystem, paths.directory());
  TRY_LET(const FreeSpace space, filesystem.free_space(directory));
  return fmt::format("{} is writable, {} MiB free", directory.string(), space.bytes / 1024 / 1024);
}

// A renewal under way uses the same files, and must not be disturbed.
void rehearse_files(const renewal::RenewalContext& around, const state::StatePaths& paths,
                    std::vector<RehearsedStep>& steps) {
  const auto lock = around.filesystem.exists(paths.lock())
                        ? state::Lock::acquire(around.filesystem, paths.lock(), "dry run")
                        : failure(ErrorKind::disk, "there is no lock yet");
  if (!lock && lock.error().kind == ErrorKind::busy) {
    steps.push_back({"files", failure(ErrorKind::busy, "a renewal is under way: " + lock.error().message)});
    return;
  }
  steps.push_back({"installation", rehearse_installation(around.keystore)});
  steps.push_back({"state", rehearse_state_directory(around.filesystem, paths)});
}

}  // namespace

asio::awaitable<std::vector<RehearsedStep>> rehearse(renewal::RenewalContext context,
                                                     configuration::CertificateSettings settings,
                                                     fs::path state_directory) {
  std::vector<RehearsedStep> steps;
  steps.push_back({"keystore", rehearse_keystore(context, settings, {state_directory, settings.name})});
  steps.push_back({"token", rehearse_token(settings, context.clock.now())});
  auto reached = co_await context.source.rehearse();
  steps.push_back({"cloud", std::move(reached)});
  rehearse_files(context, {state_directory, settings.name}, steps);
  auto allowed = co_await context.gateway.rehearse();
  steps.push_back({"gateway", std::move(allowed)});
  co_return steps;
}

}  // namespace renewd::preflight
