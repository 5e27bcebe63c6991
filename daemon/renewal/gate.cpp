#include "renewal/gate.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "certificate/acceptance.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "renewal/recovery.hpp"

namespace renewd::renewal {
namespace {

using certificate::Certificate;

// How long to hold an answer that is valid at another time: the cloud must not be able to block renewal with one.
constexpr std::chrono::days kLongestHold{7};

}  // namespace

// An answer may crash the daemon, or keep it busy until it is killed. One interruption may be a power cut; after a
// second one the answer is not judged again.
Result<Record> Gate::begin(Record record, Durability counted) {
  if (record.phase != Phase::answered) {
    return record;
  }
  if (record.resumed >= kJudgingsPerAnswer) {
    const Error error =
        rejection(RejectionReason::untrusted,
                  fmt::format("checking the answer was interrupted {} times; it is not checked again", record.resumed))
            .value();
    return tl::unexpected(refuse(record, error));
  }
  ++record.resumed;
  TRY(work_.journal.write(record, counted));
  return record;
}

Result<Judged> Gate::judge(const InstalledKeystore& installed, Record record, Durability counted) {
  TRY_LET(record, begin(std::move(record), counted));
  auto answer = work_.answers.load();
  if (!answer || !*answer) {
    return failure(ErrorKind::disk, "reading the stored answer: " +
                                        (answer ? std::string("it is missing") : std::move(answer.error().message)));
  }
  TRY_LET(auto trusted, keystore::read_trusted(work_.filesystem, work_.settings.keystore));
  auto candidate = cloud::read_answer(**answer, installed.keystore, installed.password,
                                      [&] { return work_.keystore.private_key(installed); });
  if (!candidate) {
    if (!notes.undecoded.empty()) {
      candidate.error().message += "; " + notes.undecoded;
    }
    return tl::unexpected(refuse(record, std::move(candidate.error())));
  }
  Judged judged{std::move(*candidate), certificate::digest_of(**answer), certificate::digest_of(installed.bytes)};
  const auto& renewed = judged.candidate.keystore;
  // The journal has a fingerprint from `accepted` on. Any other answer with an installed certificate renews nothing.
  const bool ours = record.fingerprint == renewed.certificate.fingerprint_sha256();
  if (ours && record.fingerprint == installed.keystore.certificate.fingerprint_sha256()) {
    return judged;  // it passed the gate before a crash, and is in place
  }
  auto accepted = certificate::accept(
      renewed, installed.keystore,
      {.account_id = work_.settings.account_id(), .trusted = std::move(trusted), .now = work_.clock.now()});
  if (const auto known = ours ? std::nullopt : known_certificate(renewed.certificate, installed)) {
    if (accepted) {
      accepted = rejection(RejectionReason::not_later, "checking the renewed certificate: " + *known);
    } else {
      accepted.error().message += "; " + *known;
    }
  }
  if (accepted) {
    return judged;
  }
  Error& refusal = accepted.error();
  if (refusal.reason == RejectionReason::not_yet_valid && notes.clock_behind > kClockSkewTolerated) {
    refusal.message += fmt::format("; it is valid by the cloud's clock: set this host's clock, which is {} behind",
                                   format_duration(*notes.clock_behind));
  }
  const bool waits = waits_for_its_time(refusal, renewed.certificate, installed, record);
  return tl::unexpected(waits ? hold(std::move(refusal)) : refuse(record, std::move(refusal)));
}

bool Gate::still_holds(const Judged& judged, const InstalledKeystore& installed) const {
  const auto answer = work_.answers.load();
  // No bytes have the digest of a failure.
  return judged.answer != certificate::Digest{} && judged.installed != certificate::Digest{} && answer && *answer &&
         certificate::digest_of(**answer) == judged.answer &&
         certificate::digest_of(installed.bytes) == judged.installed;
}

// Whether a refused certificate is valid by the cloud's clock, or will be before the installed one expires. Another
// request would bring no better one.
bool Gate::waits_for_its_time(const Error& refusal, const Certificate& renewed, const InstalledKeystore& installed,
                              const Record& record) const {
  if (refusal.reason != RejectionReason::not_yet_valid && refusal.reason != RejectionReason::expired) {
    return false;
  }
  const TimePoint now = work_.clock.now();
  if (const auto answered = record.reached_at(Phase::answered); answered && now - *answered > kLongestHold) {
    return false;
  }
  if (notes.clock_behind) {
    const TimePoint there = now + *notes.clock_behind;
    if (renewed.not_before() <= there + certificate::kClockTolerance && there < renewed.not_after()) {
      return true;
    }
  }
  return refusal.reason == RejectionReason::not_yet_valid &&
         renewed.not_before() < installed.keystore.certificate.not_after();
}

// The answer stays, and is judged again later, or once the clock has been set.
Error Gate::hold(Error error) const {
  error.message += "; the answer stays stored and is checked again later";
  work_.event(EventName::renewal_rejected, "keeping the installed keystore: " + error.message,
              {{"reason", std::string(to_string(*error.reason))}, {"answer", work_.paths.answer().string()}});
  return error;
}

// The reason to refuse a certificate that this host has had before: the cloud may repeat its last response. By dates
// alone, one that an operator rolled back would be installed again.
std::optional<std::string> Gate::known_certificate(const Certificate& renewed, const InstalledKeystore& installed) {
  const std::string fingerprint = renewed.fingerprint_sha256();
  if (fingerprint == installed.keystore.certificate.fingerprint_sha256()) {
    return "the cloud returned the certificate that is already installed";
  }
  for (const auto& generation : work_.generations.list().value_or(std::vector<state::Generation>())) {
    const auto record = work_.certificate_in(generation);
    if (record && record->fingerprint == fingerprint) {
      const bool lasts_longer = record->not_after > installed.keystore.certificate.not_after();
      return fmt::format("the cloud returned a certificate that was installed before (generation {}, valid until {}){}",
                         generation.number, format_time(record->not_after),
                         lasts_longer ? fmt::format("; `gravitee-renewd rollback {} --to {}` installs it again",
                                                    work_.settings.name, generation.number)
                                      : "");
    }
  }
  return std::nullopt;
}

// Moves the answer aside for inspection, and ends the renewal. Failures of this host (a full disk) leave the answer in
// place.
Error Gate::refuse(const Record& record, Error error) {
  if (error.kind != ErrorKind::bad_answer) {
    return error;
  }
  if (!error.reason) {
    error.reason = RejectionReason::unknown_format;
  }
  Fields fields{{"reason", std::string(to_string(*error.reason))}};
  auto aside = work_.answers.set_aside(work_.clock.now());
  if (aside) {
    fields.emplace_back("answer", aside->string());
  } else {
    error = with_another(std::move(error), "moving the answer aside", aside.error());
  }
  if (auto closed = hand_over(work_, record); !closed) {
    error = with_another(std::move(error), "closing the journal", closed.error());
  }
  work_.event(EventName::renewal_rejected, "keeping the installed keystore: " + error.message, fields);
  return error;
}

}  // namespace renewd::renewal
