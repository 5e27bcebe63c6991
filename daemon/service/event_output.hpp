// Chooses the output for events.
#pragma once

#include <memory>

#include "configuration/settings.hpp"
#include "core/event_log.hpp"

namespace renewd::service {

// The system journal if standard error is connected to it and the format is `auto`; otherwise standard error.
std::shared_ptr<EventSink> event_output(const configuration::LogSettings& settings);

}  // namespace renewd::service
