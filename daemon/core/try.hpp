// Returns a Result's error to the caller, or continues with its value:
//
//   TRY(directory.sync());
//   TRY_LET(const std::string content, filesystem.read(path, limit));
//
// TRY does not accept a Result with a value, since dropping the value may release a lock. In coroutines use CO_TRY and
// CO_TRY_LET.
#pragma once

#include <type_traits>
#include <utility>

#include <tl/expected.hpp>

namespace renewd {
template <typename R>
concept HoldsNothing = std::is_void_v<typename R::value_type>;
}  // namespace renewd

// NOLINTBEGIN(bugprone-macro-parentheses): a declaration and a keyword cannot be in parentheses.
#define RENEWD_TRY(leave, ...)                                                                   \
  do {                                                                                           \
    auto tried = (__VA_ARGS__);                                                                  \
    static_assert(renewd::HoldsNothing<decltype(tried)>, "the value would be dropped: TRY_LET"); \
    if (!tried) {                                                                                \
      leave tl::unexpected(std::move(tried).error());                                            \
    }                                                                                            \
  } while (false)
#define RENEWD_TRY_LET(leave, tried, declaration, ...) \
  auto tried = (__VA_ARGS__);                          \
  if (!tried) {                                        \
    leave tl::unexpected(std::move(tried).error());    \
  }                                                    \
  declaration = *std::move(tried)
// NOLINTEND(bugprone-macro-parentheses)
#define RENEWD_JOINED(a, b) a##b
#define RENEWD_NAME_OF_LINE(line) RENEWD_JOINED(tried_in_line_, line)

#define TRY(...) RENEWD_TRY(return, __VA_ARGS__)
#define TRY_LET(declaration, ...) RENEWD_TRY_LET(return, RENEWD_NAME_OF_LINE(__LINE__), declaration, __VA_ARGS__)
#define CO_TRY(...) RENEWD_TRY(co_return, __VA_ARGS__)
#define CO_TRY_LET(declaration, ...) RENEWD_TRY_LET(co_return, RENEWD_NAME_OF_LINE(__LINE__), declaration, __VA_ARGS__)
