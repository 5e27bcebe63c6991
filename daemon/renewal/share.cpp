#include "renewal/share.hpp"

#include <utility>

#include "core/error_context.hpp"
#include "core/try.hpp"
#include "renewal/recovery.hpp"
#include "state/state_files.hpp"

namespace renewd::renewal {
namespace {

Result<Secret> identity_of(const certificate::Keystore& keystore, const std::optional<certificate::PrivateKey>& key) {
  if (!key) {
    return failure(ErrorKind::bad_answer, keystore.unread_key.empty()
                                              ? "the private key cannot be read from the keystore"
                                              : "the private key cannot be read: " + keystore.unread_key);
  }
  TRY_LET(const std::string pem, certificate::write_pem(keystore.certificate, keystore.chain, *key, Secret()));
  return Secret(pem);
}

Result<cloud::Candidate> read(const Workspace& work, std::string_view answer, const InstalledKeystore& installed) {
  return cloud::read_answer(answer, installed.keystore, installed.password,
                            [&] { return work.keystore.private_key(installed); });
}

// The text that this host can open.
std::string_view usable(const Workspace& work, const InstalledKeystore& installed, const std::optional<Secret>& answer,
                        const Secret& identity) {
  if (!answer) {
    return identity.view();
  }
  return read(work, answer->view(), installed) ? answer->view() : identity.view();
}

}  // namespace

Result<Shareable> shareable(Workspace& work) {
  TRY_LET(const InstalledKeystore installed, work.keystore.read());
  TRY_LET(const auto answer, work.answers.load().map_error(in_context("reading the stored answer")));
  if (answer) {
    TRY_LET(const cloud::Candidate candidate, read(work, *answer, installed));
    TRY_LET(Secret identity, identity_of(candidate.keystore, candidate.keystore.key));
    return Shareable{Secret(*answer), std::move(identity), state::record_of(candidate.keystore.certificate)};
  }
  TRY_LET(Secret identity, identity_of(installed.keystore, work.keystore.private_key(installed)));
  return Shareable{std::nullopt, std::move(identity), state::record_of(installed.keystore.certificate)};
}

Result<Judged> adopt(Workspace& work, Gate& gate, const std::optional<Secret>& answer, const Secret& identity,
                     const std::string& fingerprint) {
  TRY_LET(const InstalledKeystore installed, work.keystore.read());
  TRY(state::check_state(work.filesystem, work.paths)
          .and_then([&] { return work.keystore.rehearse_replacement(); })
          .map_error(in_context("it could not be installed")));
  TRY(work.answers.store(usable(work, installed, answer, identity)).map_error(in_context("storing the answer")));
  gate.notes = {};
  TRY_LET(Record record, work.reach(Record{.fingerprint = fingerprint}, Phase::answered));
  return gate.judge(installed, std::move(record));
}

Result<void> drop_answer(Workspace& work, const Record& record) {
  TRY(work.answers.set_aside(work.clock.now()).map([](const auto& /*path*/) {}));
  return hand_over(work, record).map([](const auto& /*external*/) {});
}

}  // namespace renewd::renewal
