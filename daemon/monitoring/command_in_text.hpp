// Where a command ends that stands in a sentence, without quotes: "run gravitee-renewd renew --dry-run to see why".
#pragma once

#include <cstddef>
#include <string_view>

namespace renewd::monitoring {

// The length of the command that `text` begins with; 0: none. A command is a known program, its verb, and the words
// that look like options or operands, or are the name of the certificate; && may join commands.
std::size_t command_length(std::string_view text, std::string_view certificate);

}  // namespace renewd::monitoring
