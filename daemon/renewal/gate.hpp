// The gate: whether the stored answer may replace the installed keystore, and what happens to one that may not.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "certificate/digest.hpp"
#include "cloud/answer.hpp"
#include "renewal/context.hpp"

namespace renewd::renewal {

// A smaller difference between the clocks does not matter.
inline constexpr std::chrono::seconds kClockSkewTolerated{60};

// An answer is not judged again after this many interruptions.
inline constexpr int kJudgingsPerAnswer = 2;

// An answer that passed the gate, with what it was judged against.
struct Judged {
  cloud::Candidate candidate;
  certificate::Digest answer;
  certificate::Digest installed;
};

class Gate {
 public:
  // `work` must outlive this object.
  explicit Gate(Workspace& work) : work_(work) {}

  // What the last request of this process brought besides the answer.
  struct RequestNotes {
    // How far this host's clock is behind the cloud's.
    std::optional<std::chrono::seconds> clock_behind;
    // Why the answer is still compressed; empty when it is not.
    std::string undecoded;
  };
  RequestNotes notes;

  // Judges the stored answer against the installed keystore. On an error of kind bad_answer the answer was moved aside,
  // or waits for its time; what was refused is logged. `counted`: what the count of attempts to judge it must survive.
  // Errors: bad_answer, disk.
  Result<Judged> judge(const InstalledKeystore& installed, Record record, Durability counted = Durability::full);
  // Whether what was judged is still what is stored and installed.
  bool still_holds(const Judged& judged, const InstalledKeystore& installed) const;

 private:
  Result<Record> begin(Record record, Durability counted);
  bool waits_for_its_time(const Error& refusal, const certificate::Certificate& renewed,
                          const InstalledKeystore& installed, const Record& record) const;
  Error hold(Error error) const;
  Error refuse(const Record& record, Error error);
  std::optional<std::string> known_certificate(const certificate::Certificate& renewed,
                                               const InstalledKeystore& installed);

  Workspace& work_;
};

}  // namespace renewd::renewal
