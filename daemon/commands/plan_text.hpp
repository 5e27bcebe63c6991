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

// `url` is the address of the renewal request, `gateway` describes the activation; both are empty with `renew: never`.
std::string plan_text(const report::CertificateStatus& standing, const configuration::ScheduleSettings& schedule,
                      std::string_view url, std::string_view gateway, const Screen& screen);

}  // namespace renewd::commands
