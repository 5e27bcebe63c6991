// The text of `plan` for one certificate. Pure.
#pragma once

#include <string>
#include <string_view>

#include "commands/screen.hpp"
#include "configuration/settings.hpp"
#include "report/certificate_status.hpp"

namespace renewd::commands {

// "wait", "renew", "obtain", "go_on"
std::string_view to_string(renewal::Act act);

// What a renewal uses: the address of its request, the description of the activation, windows_sentence(). All are empty
// with `renew: never`.
struct RenewalDetails {
  std::string url;
  std::string gateway;
  std::string windows = {};
};

std::string plan_text(const report::CertificateStatus& standing, const configuration::ScheduleSettings& schedule,
                      const RenewalDetails& details, const Screen& screen);

}  // namespace renewd::commands
