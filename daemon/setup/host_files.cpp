#include "setup/host_files.hpp"

#include <system_error>
#include <utility>

#include "core/text.hpp"

namespace renewd::setup {
namespace {

constexpr std::size_t kFileLimit = std::size_t{1024} * 1024;

}  // namespace

std::filesystem::path HostFiles::under_root(const std::filesystem::path& path) const {
  return root_ / path.relative_path();
}

Result<std::string> HostFiles::read(const std::filesystem::path& path) const {
  return filesystem_->read(under_root(path), kFileLimit);
}

bool HostFiles::exists(const std::filesystem::path& path) const {
  return filesystem_->exists(under_root(path));
}

std::vector<std::string> HostFiles::list(const std::filesystem::path& directory) const {
  auto names = filesystem_->list(under_root(directory));
  return names ? std::move(*names) : std::vector<std::string>();
}

std::optional<std::filesystem::path> HostFiles::link_target(const std::filesystem::path& path) const {
  std::error_code error;
  const auto target = std::filesystem::read_symlink(under_root(path), error);
  return error ? std::nullopt : std::optional((path.parent_path() / target).lexically_normal());
}

std::filesystem::path HostFiles::canonical(const std::filesystem::path& path) const {
  const auto target = filesystem_->canonical(under_root(path));
  const auto root = filesystem_->canonical(root_);
  if (!target || !root) {
    return path.lexically_normal();
  }
  const auto relative = target->lexically_relative(*root);
  // In a test, a link may lead out of the root.
  return *relative.begin() == ".." ? *target : (std::filesystem::path("/") / relative).lexically_normal();
}

std::string shown(const std::filesystem::path& path) {
  return printable(path.string(), 500);
}

}  // namespace renewd::setup
