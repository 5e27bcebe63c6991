#include "setup/keystore_look.hpp"

#include <fmt/format.h>

#include "certificate/keystore.hpp"
#include "core/text.hpp"

namespace renewd::setup {
namespace {

// A UUID, as the cloud's accounts have.
bool is_account_id(std::string_view name) {
  return name.size() == 36 && name.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

}  // namespace

KeystoreLook look_at_keystore(const HostFiles& files, const std::filesystem::path& path, const Secret& password) {
  KeystoreLook look;
  if (path.empty() || !files.exists(path)) {
    return look;
  }
  const auto bytes = files.read(path);
  if (!bytes) {
    look.problem = bytes.error().message;
    return look;
  }
  const auto keystore = certificate::open_keystore(*bytes, password);
  if (!keystore) {
    look.wrong_password = keystore.error().problem == certificate::KeystoreProblem::wrong_password;
    look.problem =
        fmt::format("{} cannot be opened: {}", printable(path.string(), 500), printable(keystore.error().message, 500));
    return look;
  }
  const auto& certificate = keystore->certificate;
  if (const std::string name = certificate.common_name(); is_account_id(name)) {
    look.account = name;
  }
  look.description =
      fmt::format("certificate of {}, until {}", certificate.subject(), format_time(certificate.not_after()));
  return look;
}

}  // namespace renewd::setup
