// A list without duplicates.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

namespace renewd {

// Appends the value unless the list contains it. False if it does.
template <typename T>
bool add_once(std::vector<T>& list, T value) {
  if (std::ranges::find(list, value) != list.end()) {
    return false;
  }
  list.push_back(std::move(value));
  return true;
}

}  // namespace renewd
