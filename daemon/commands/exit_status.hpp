// The exit statuses that users and their scripts go by.
#pragma once

namespace renewd::commands {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsageError = 2;  // wrong command line or configuration

// Of `check`, as every monitoring plugin has them.
inline constexpr int kOk = 0;
inline constexpr int kWarning = 1;
inline constexpr int kCritical = 2;
inline constexpr int kUnknown = 3;

}  // namespace renewd::commands
