// Where the events of a command go.
#pragma once

#include <memory>

#include "configuration/settings.hpp"
#include "core/event_log.hpp"

namespace renewd::service {

// Native fields in the journal when standard error is connected to it (and the format is `auto`), else lines on
// standard error.
std::shared_ptr<EventSink> event_output(const configuration::LogSettings& settings);

}  // namespace renewd::service
