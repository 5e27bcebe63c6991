#include "installation/generations.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "installation/installer.hpp"

namespace renewd::installation {

Result<std::vector<int>> Generations::numbers() const {
  auto names = filesystem_.list(paths_.generations());
  if (!names) {
    return tl::unexpected(std::move(names.error()));
  }
  std::vector<int> numbers;
  for (const std::string& name : *names) {
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size() && number > 0) {
      numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<std::string> Generations::read(int number) const {
  return filesystem_.read(paths_.generations() / std::to_string(number), kKeystoreLimit);
}

Result<int> Generations::keep(std::string_view keystore) {
  const auto directory = paths_.generations();
  if (auto created = filesystem_.create_directories(directory, kStateDirectoryMode); !created) {
    return tl::unexpected(std::move(created.error()));
  }
  auto kept = numbers();
  if (!kept) {
    return tl::unexpected(std::move(kept.error()));
  }
  if (!kept->empty()) {
    const auto newest = filesystem_.read(directory / std::to_string(kept->back()), kKeystoreLimit);
    if (newest && *newest == keystore) {
      return kept->back();
    }
  }
  const int number = kept->empty() ? 1 : kept->back() + 1;
  if (auto written = write_durably(filesystem_, directory / std::to_string(number), keystore, state_file_attributes());
      !written) {
    return tl::unexpected(std::move(written.error()));
  }
  kept->push_back(number);
  for (std::size_t i = 0; i + kGenerationsKept < kept->size(); ++i) {
    if (auto removed = filesystem_.remove(directory / std::to_string((*kept)[i])); !removed) {
      return tl::unexpected(std::move(removed.error()));
    }
  }
  return number;
}

}  // namespace renewd::installation
