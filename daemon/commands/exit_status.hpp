// Exit statuses, which users' scripts rely on.
#pragma once

namespace renewd::commands {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsageError = 2;  // the command line or the configuration is wrong

// Those of `check`, as for every monitoring plugin.
inline constexpr int kOk = 0;
inline constexpr int kWarning = 1;
inline constexpr int kCritical = 2;
inline constexpr int kUnknown = 3;

}  // namespace renewd::commands
