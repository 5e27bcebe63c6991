// Decides over 10,000 certificates, as the daemon does in a pass, for callgrind (packaged.py). Built as the packaged
// program is. Prints how many are due.

#include <cstdlib>
#include <iostream>

#include "renewal/policy.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace std::chrono_literals;
using std::chrono::days;

int main() {
  constexpr int kCertificates = 10'000;
  constexpr std::chrono::sys_seconds kNow{1'800'000'000s};
  configuration::CertificateSettings anytime;
  anytime.name = "production";
  configuration::CertificateSettings in_windows = anytime;
  configuration::MaintenanceWindow nights;
  nights.days.reset().set(6).set(0);
  nights.from = 2h;
  nights.to = 5h;
  if (const auto zone = TimeZone::find("Europe/Paris")) {
    nights.timezone = *zone;
  }
  in_windows.renew_windows = {nights};
  int due = 0;
  for (int i = 0; i < kCertificates; ++i) {
    // Each hour of a year and a bit, so that every answer occurs.
    const auto not_before = kNow - std::chrono::hours(i);
    const auto& settings = i % 4 == 0 ? in_windows : anytime;
    const auto offset = splay_offset("host", settings.name, std::chrono::hours(12));
    due += decide({not_before, not_before + days(365)}, settings, offset, kNow).due ? 1 : 0;
  }
  std::cout << due << " of " << kCertificates << " are due\n";
  return due > 0 && due < kCertificates ? EXIT_SUCCESS : EXIT_FAILURE;
}
