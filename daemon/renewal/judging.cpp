// The gate: whether the stored answer may take the place of the installed keystore, and what becomes of one that may
// not.
#include <utility>

#include <fmt/format.h>

#include "certificate/acceptance.hpp"
#include "cloud/answer.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "renewal/renewal.hpp"
#include "renewal/retry.hpp"

namespace renewd::renewal {

using certificate::Certificate;

Result<cloud::Candidate> Renewal::judge(const Installed& installed, const Entry& entry) {
  auto answer = answers_.load();
  if (!answer || !*answer) {
    return failure(ErrorKind::disk, "reading the stored answer: " +
                                        (answer ? std::string("it is gone") : std::move(answer.error().message)));
  }
  TRY_LET(auto trusted, read_trusted(around_.filesystem, settings_.keystore));
  auto candidate = cloud::read_answer(**answer, installed.keystore, installed.password);
  if (!candidate) {
    if (!undecoded_.empty()) {
      candidate.error().message += "; " + undecoded_;
    }
    return tl::unexpected(refuse(entry, std::move(candidate.error())));
  }
  const Certificate& renewed = candidate->keystore.certificate;
  // The journal has a fingerprint from `accepted` on: any other answer with what is installed is no renewal.
  const bool ours = entry.fingerprint == renewed.fingerprint_sha256();
  if (ours && entry.fingerprint == installed.keystore.certificate.fingerprint_sha256()) {
    return candidate;  // it passed the gate before a crash, and is in place
  }
  auto accepted = certificate::accept(
      candidate->keystore, installed.keystore,
      {.account_id = settings_.account_id(), .trusted = std::move(trusted), .now = around_.clock.now()});
  if (const auto known = ours ? std::nullopt : known_certificate(renewed, installed)) {
    if (accepted) {
      accepted = rejection(RejectionReason::not_later, "checking the renewed certificate: " + *known);
    } else {
      accepted.error().message += "; " + *known;
    }
  }
  if (!accepted) {
    if (accepted.error().reason == RejectionReason::not_yet_valid && clock_behind_ > kClockSkewTolerated) {
      accepted.error().message +=
          fmt::format("; it is valid by the cloud's clock, which this host's is {} behind: set the clock",
                      format_duration(*clock_behind_));
    }
    return tl::unexpected(waits_for_its_time(accepted.error(), renewed, installed, entry)
                              ? hold(std::move(accepted.error()))
                              : refuse(entry, std::move(accepted.error())));
  }
  return candidate;
}

// Whether a refused certificate is good at another time than our clock's: by the cloud's, or in time before the
// installed one expires. Another request would bring no better one.
bool Renewal::waits_for_its_time(const Error& refusal, const Certificate& renewed, const Installed& installed,
                                 const Entry& entry) const {
  if (refusal.reason != RejectionReason::not_yet_valid && refusal.reason != RejectionReason::expired) {
    return false;
  }
  const TimePoint now = around_.clock.now();
  if (const auto answered = entry.reached_at(Phase::answered); answered && now - *answered > kLongestHold) {
    return false;
  }
  if (clock_behind_) {
    const TimePoint there = now + *clock_behind_;
    if (renewed.not_before() <= there + certificate::kClockTolerance && there < renewed.not_after()) {
      return true;
    }
  }
  return refusal.reason == RejectionReason::not_yet_valid &&
         renewed.not_before() < installed.keystore.certificate.not_after();
}

// The answer stays, to be judged again: later, or once the clock has been set.
Error Renewal::hold(Error error) const {
  error.message += "; the answer is kept, and judged again later";
  event(EventName::renewal_rejected, "the installed keystore stays: " + error.message,
        {{"reason", std::string(to_string(*error.reason))}, {"answer", paths_.answer().string()}});
  return error;
}

// What to say of a certificate that this host has had already: a cloud may repeat its last response. Going by dates
// alone, one that was given up by hand would come back.
std::optional<std::string> Renewal::known_certificate(const Certificate& renewed, const Installed& installed) const {
  const std::string fingerprint = renewed.fingerprint_sha256();
  if (fingerprint == installed.keystore.certificate.fingerprint_sha256()) {
    return "the cloud returned the certificate that is installed already";
  }
  for (const auto& kept : generations_.list().value_or(std::vector<installation::Generation>())) {
    const auto record = record_of_generation(kept);
    if (record && record->fingerprint == fingerprint) {
      const bool lasts_longer = record->not_after > installed.keystore.certificate.not_after();
      return fmt::format("the cloud returned a certificate that was installed before (generation {}, valid until {}){}",
                         kept.number, format_time(record->not_after),
                         lasts_longer ? fmt::format("; `gravitee-renewd rollback {} --to {}` installs it again",
                                                    settings_.name, kept.number)
                                      : "");
    }
  }
  return std::nullopt;
}

// The answer is of no use: it goes aside for inspection, and the renewal is over. So does one of which no keystore can
// be made, which would fail in the same way for ever. Failures of ours (a full disk) leave it where it is.
Error Renewal::refuse(const Entry& entry, Error error) {
  if (error.kind != ErrorKind::bad_answer) {
    return error;
  }
  if (!error.reason) {
    error.reason = RejectionReason::unknown_format;
  }
  Fields fields{{"reason", std::string(to_string(*error.reason))}};
  auto aside = answers_.set_aside(around_.clock.now());
  if (aside) {
    fields.emplace_back("answer", aside->string());
  } else {
    error = with_another(std::move(error), "moving the answer aside", aside.error());
  }
  if (auto closed = leave_to_others(entry); !closed) {
    error = with_another(std::move(error), "closing the journal", closed.error());
  }
  event(EventName::renewal_rejected, "the installed keystore stays: " + error.message, fields);
  return error;
}

}  // namespace renewd::renewal
