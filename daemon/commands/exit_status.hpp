// The exit statuses that users and their scripts go by.
#pragma once

namespace renewd::commands {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsageError = 2;  // wrong command line or configuration

}  // namespace renewd::commands
