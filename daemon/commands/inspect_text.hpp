// The table of `inspect`. Pure.
#pragma once

#include <string>
#include <string_view>

#include "certificate/keystore.hpp"
#include "commands/screen.hpp"
#include "core/clock.hpp"

namespace renewd::commands {

// `encoding` is that of an answer; empty for a keystore.
std::string inspect_text(const certificate::Keystore& keystore, std::string_view encoding, std::string_view path,
                         TimePoint now, const Screen& screen);

}  // namespace renewd::commands
