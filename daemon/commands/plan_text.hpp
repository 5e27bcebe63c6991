// The text of `plan` for one certificate. Pure.
#pragma once

#include <string>
#include <string_view>

#include "commands/screen.hpp"
#include "configuration/settings.hpp"
#include "renewal/standing.hpp"

namespace renewd::commands {

// "wait", "renew", "obtain", "go_on"
std::string_view to_string(renewal::Act act);

// `url` gets the request, `gateway` says how to activate the keystore. Both are empty with `renew: never`.
std::string plan_text(const renewal::Standing& standing, const configuration::ScheduleSettings& schedule,
                      std::string_view url, std::string_view gateway, const Screen& screen);

}  // namespace renewd::commands
