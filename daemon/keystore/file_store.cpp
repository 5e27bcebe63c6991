#include "keystore/file_store.hpp"

#include <fmt/format.h>

#include "core/advice.hpp"
#include "keystore/replacement.hpp"

namespace renewd::keystore {

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
