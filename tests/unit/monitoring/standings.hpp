// Standings for the tests of metrics and page.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "certificate/keystore.hpp"
#include "report/certificate_status.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::testing {

using namespace std::chrono_literals;

inline certificate::Certificate made(const std::string& days) {
  const TemporaryDirectory directory;
  const auto file = [&](const char* name) { return (directory / name).string(); };
  run_or_throw({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=account", "-days", days, "-keyout", file("key"), "-out", file("certificate")});
  return certificate::read_bundle(read_file(directory / "certificate")).value().at(0);
}

inline const certificate::Certificate& year() {
  static const certificate::Certificate certificate = made("365");
  return certificate;
}

// `days` after the certificate became valid.
inline TimePoint day(int days) {
  return TimePoint(year().not_before() + std::chrono::days(days));
}

// A healthy certificate, `days` after it became valid, which has been renewed once.
inline report::CertificateStatus standing(const std::string& name, int days) {
  const TimePoint now = day(days);
  const auto opens = year().not_after() - std::chrono::days(30);
  renewal::Step step{renewal::Act::wait, TimePoint(opens + 9h), renewal::Reason::not_due,
                     "325 days left; the renewal window opens in time"};
  report::CertificateStatus standing{.name = name,
                                     .keystore = "/srv/keystore.p12",
                                     .looked_at = now,
                                     .outlook = report::Outlook{year(), opens, 9h, std::move(step), now + 12h}};
  standing.in_use =
      state::CertificateRecord{year().serial(), year().fingerprint_sha256(), year().not_before(), year().not_after()};
  standing.history.push_back({"renewed", year().fingerprint_sha256(), day(0) + 2h});
  return standing;
}

}  // namespace renewd::testing
