// with_context() for Result::map_error():
//
//   TRY(filesystem.remove(file).map_error(in_context("removing the journal")));
#pragma once

#include <string>
#include <utility>

#include "core/error.hpp"

namespace renewd {

inline auto in_context(std::string doing) {
  return [doing = std::move(doing)](Error error) { return with_context(doing, std::move(error)); };
}

}  // namespace renewd
