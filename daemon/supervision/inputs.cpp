#include "supervision/inputs.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

namespace renewd::supervision {
namespace {

bool decides_over(const std::vector<ErrorKind>& kinds, std::string_view failure) {
  return std::ranges::any_of(kinds, [failure](ErrorKind kind) { return to_string(kind) == failure; });
}

bool changed_after(const SecretSource& source, TimePoint time) {
  if (source.kind == SecretSource::Kind::env) {
    return true;
  }
  return std::ranges::any_of(paths_of(source), [time](const std::string& path) {
    const auto changed = changed_at(std::filesystem::path(path));
    return changed && *changed > time;
  });
}

}  // namespace

Inputs::Inputs(const configuration::CertificateSettings& certificate, const configuration::HttpSettings& http,
               const configuration::FleetSettings& shared) {
  const auto add = [this](const auto& source, std::vector<ErrorKind> decides) {
    if (!source) {
      return;
    }
    if constexpr (requires { source->kind; }) {
      inputs_.push_back({*source, true, std::move(decides)});
    } else {
      inputs_.push_back({{SecretSource::Kind::file, source->string(), {}}, false, std::move(decides)});
    }
  };
  // Nothing here decides over a failure of the gateway, nor of the network.
  add(certificate.token, {ErrorKind::unauthorized, ErrorKind::client_error});
  add(certificate.keystore.password, {ErrorKind::bad_answer, ErrorKind::disk});
  add(certificate.keystore.ca_file, {ErrorKind::bad_answer, ErrorKind::disk});
  add(http.ca_file, {ErrorKind::tls});
  add(http.proxy_password, {ErrorKind::proxy});
  if (shared.etcd) {
    add(shared.etcd->key, {ErrorKind::fleet});
    add(shared.etcd->second_key, {ErrorKind::fleet});
    add(shared.etcd->password, {ErrorKind::fleet});
    add(shared.etcd->ca_file, {ErrorKind::fleet});
    add(shared.etcd->cert_file, {ErrorKind::fleet});
    add(shared.etcd->key_file, {ErrorKind::fleet});
  }
}

Inputs::Contents Inputs::read() const {
  Contents contents;
  const auto add = [&contents](std::string_view bytes) { contents.push_back(std::hash<std::string_view>()(bytes)); };
  for (const Input& input : inputs_) {
    // One that cannot be read has the error as its contents.
    if (input.is_secret) {
      const auto secret = read_secret(input.source);
      add(secret ? secret->view() : secret.error().message);
    } else {
      // Large, and not secret: how it looks from outside is enough.
      std::error_code error;
      const auto size = std::filesystem::file_size(input.source.name, error);
      const auto changed = changed_at(input.source).value_or(TimePoint());
      add(std::to_string(size) + ' ' + std::to_string(changed.time_since_epoch().count()));
    }
  }
  return contents;
}

bool Inputs::differ(std::string_view failure, const Contents& before, const Contents& now) const {
  for (std::size_t i = 0; i < inputs_.size() && i < before.size() && i < now.size(); ++i) {
    if (before[i] != now[i] && decides_over(inputs_[i].decides, failure)) {
      return true;
    }
  }
  return false;
}

bool Inputs::changed_since(std::string_view failure, TimePoint time) const {
  return std::ranges::any_of(inputs_, [&](const Input& input) {
    return decides_over(input.decides, failure) && changed_after(input.source, time);
  });
}

}  // namespace renewd::supervision
