#include "keystore/file_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/advice.hpp"
#include "keystore/replacement.hpp"

namespace renewd::keystore {
namespace {

TimePoint to_time_point(const timespec& time) {
  return TimePoint(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace

// Of everything on the way that decides which file is read. The inode's change time: unlike that of the last
// modification, no program sets it back.
std::optional<TimePoint> FileStore::placed_at() const {
  constexpr int kMostLinks = 40;  // as the kernel's limit
  std::optional<TimePoint> latest;
  std::filesystem::path rest = settings().path.relative_path();
  std::filesystem::path walked = "/";
  for (int links = 0; !rest.empty();) {
    const std::filesystem::path here = walked / *rest.begin();
    std::filesystem::path beyond;
    std::for_each(std::next(rest.begin()), rest.end(), [&beyond](const auto& part) { beyond /= part; });
    struct stat status{};
    if (::lstat(here.c_str(), &status) != 0 || links > kMostLinks) {
      return std::nullopt;
    }
    const bool is_link = S_ISLNK(status.st_mode);
    if (is_link || beyond.empty()) {
      latest = std::max(latest, std::optional(to_time_point(status.st_ctim)));
    }
    walked = here;
    if (is_link) {
      ++links;
      std::error_code error;
      const auto target = std::filesystem::read_symlink(here, error);
      beyond = beyond.empty() ? target.relative_path() : target.relative_path() / beyond;
      walked = target.is_absolute() ? "/" : here.parent_path();
    }
    rest = std::move(beyond);
  }
  return latest;
}

Result<std::string> FileStore::read_bytes() const {
  return filesystem_.read(settings().path, certificate::kKeystoreLimit).map_error([this](Error error) {
    if (auto denial = explain_denial(settings().path, Sharing::group_of_directory)) {
      error.message += denial->message.empty() ? "" : fmt::format(" ({})", denial->message);
      error.advice = std::move(denial->advice);
    }
    return error;
  });
}

Result<void> FileStore::replace(std::string_view expected, std::string_view bytes) {
  return keystore::replace(filesystem_, settings().path, expected, bytes);
}

Result<void> FileStore::check_replaceable() const {
  return keystore::check_replaceable(filesystem_, settings().path);
}

Result<void> FileStore::rehearse_replacement() {
  return keystore::rehearse_replacement(filesystem_, settings().path);
}

}  // namespace renewd::keystore
