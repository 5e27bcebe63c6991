// What `fleet status` shows of one account, as text and as JSON. Pure.
#pragma once

#include <string>

#include <boost/json/fwd.hpp>

#include "commands/screen.hpp"
#include "core/clock.hpp"
#include "fleet/view.hpp"

namespace renewd::commands {

// `self` is this host's name in the fleet: its members are marked.
std::string fleet_table(const std::string& account, const fleet::View& view, const std::string& self, TimePoint now,
                        const Screen& screen);

boost::json::object fleet_json(const std::string& account, const fleet::View& view);

}  // namespace renewd::commands
