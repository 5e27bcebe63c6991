#include "renewal/renewal.hpp"

#include <utility>

#include <fmt/format.h>

#include "certificate/acceptance.hpp"
#include "cloud/renew_api.hpp"
#include "core/cancellation.hpp"
#include "core/text.hpp"
#include "installation/installer.hpp"

namespace renewd::renewal {
namespace {

namespace asio = boost::asio;
using certificate::Certificate;
using certificate::Keystore;

Fields certificate_fields(const Certificate& certificate) {
  return {{"serial", certificate.serial()},
          {"not_before", format_time(certificate.not_before())},
          {"not_after", format_time(certificate.not_after())}};
}

Result<std::vector<Certificate>> read_trusted(const Filesystem& filesystem,
                                              const configuration::KeystoreSettings& settings) {
  if (!settings.ca_file) {
    return std::vector<Certificate>();
  }
  auto pem = filesystem.read(*settings.ca_file, installation::kKeystoreLimit);
  if (!pem) {
    return tl::unexpected(with_context("reading keystore.ca_file", std::move(pem.error())));
  }
  auto trusted = certificate::read_bundle(*pem);
  if (!trusted) {
    return tl::unexpected(with_context(fmt::format("reading keystore.ca_file {}", settings.ca_file->string()),
                                       std::move(trusted.error())));
  }
  return trusted;
}

// Whether a file of this format may be where the operator expects one of that type.
bool fits(certificate::Format format, configuration::KeystoreType type) {
  using certificate::Format;
  switch (type) {
    case configuration::KeystoreType::automatic:
      return format == Format::pkcs12 || format == Format::jks || format == Format::pem;
    case configuration::KeystoreType::pkcs12:
      return format == Format::pkcs12;
    case configuration::KeystoreType::jks:
      // A JDK opens PKCS#12 under type JKS, and a renewed keystore is one.
      return format == Format::jks || format == Format::pkcs12;
    case configuration::KeystoreType::pem:
      return format == Format::pem;
  }
  return false;
}

}  // namespace

Result<Installed> read_installed(const Filesystem& filesystem, const configuration::KeystoreSettings& settings) {
  const std::string doing = fmt::format("opening the keystore {}", settings.path.string());
  Secret password;
  if (settings.password) {
    auto secret = read_secret(*settings.password);
    if (!secret) {
      return tl::unexpected(with_context(doing + ": its password", std::move(secret.error())));
    }
    password = std::move(*secret);
  }
  auto bytes = filesystem.read(settings.path, installation::kKeystoreLimit);
  if (!bytes) {
    return tl::unexpected(with_context(doing, std::move(bytes.error())));
  }
  auto keystore = certificate::open_keystore(*bytes, password);
  if (!keystore) {
    return failure(ErrorKind::disk, doing + ": " + keystore.error().message);
  }
  if (!fits(keystore->format, settings.type)) {
    return failure(ErrorKind::disk, fmt::format("{}: it is {}, which keystore.type does not allow", doing,
                                                certificate::display_name(keystore->format)));
  }
  return Installed{std::move(*bytes), std::move(*keystore), std::move(password)};
}

Renewal::Renewal(Surroundings surroundings, configuration::CertificateSettings settings,
                 const std::filesystem::path& state_directory)
    : around_(surroundings),
      settings_(std::move(settings)),
      answers_(around_.filesystem, installation::StatePaths(state_directory, settings_.name)),
      generations_(around_.filesystem, installation::StatePaths(state_directory, settings_.name)) {}

asio::awaitable<Result<Completed>> Renewal::run() {
  auto answer = co_await ask();
  if (!answer) {
    co_return tl::unexpected(std::move(answer.error()));
  }

  // Look again: the file may have been replaced by hand while the cloud was thinking, and must then not be
  // overwritten by something older.
  auto installed = read_installed(around_.filesystem, settings_.keystore);
  if (!installed) {
    co_return tl::unexpected(std::move(installed.error()));
  }
  auto candidate = judge(*answer, *installed);
  if (!candidate) {
    co_return tl::unexpected(std::move(candidate.error()));
  }
  if (auto done = install(*candidate, *installed); !done) {
    co_return tl::unexpected(std::move(done.error()));
  }

  auto activation = co_await activate();
  if (!activation) {
    co_return tl::unexpected(std::move(activation.error()));
  }
  const Certificate& renewed = candidate->keystore.certificate;
  event(EventName::renewal_completed,
        fmt::format("renewed until {}; {}", format_time(renewed.not_after()), activation->message),
        certificate_fields(renewed));
  co_return Completed{renewed, std::move(*activation)};
}

// Asks the cloud, and stores what it says before anybody looks into it.
asio::awaitable<Result<std::string>> Renewal::ask() {
  if (!settings_.token) {
    co_return failure(ErrorKind::unauthorized, "requesting a certificate: no token is configured");
  }
  auto token = read_secret(*settings_.token);
  if (!token) {
    event(EventName::token_unusable, token.error().message);
    co_return tl::unexpected(with_context("requesting a certificate", std::move(token.error())));
  }
  const std::string url = cloud::renew_url(settings_.account_url);
  event(EventName::renewal_requested, "asking the cloud for a new certificate", {{"url", url}});
  auto answer = co_await cloud::request_renewal(around_.http, settings_.account_url, std::move(*token));
  if (!answer) {
    Error error = with_context("requesting a certificate", std::move(answer.error()));
    if (error.reason) {
      event(EventName::renewal_rejected, "the installed keystore stays: " + error.message,
            {{"reason", std::string(to_string(*error.reason))}});
    }
    co_return tl::unexpected(std::move(error));
  }
  if (auto kept = answers_.keep(answer->body); !kept) {
    co_return tl::unexpected(with_context("storing the cloud's answer", std::move(kept.error())));
  }
  event(EventName::renewal_answered, fmt::format("the cloud answered with {} bytes", answer->body.size()),
        {{"bytes", static_cast<std::int64_t>(answer->body.size())}});
  co_return std::move(answer->body);
}

Result<cloud::Candidate> Renewal::judge(const std::string& answer, const Installed& installed) {
  auto trusted = read_trusted(around_.filesystem, settings_.keystore);
  if (!trusted) {
    return tl::unexpected(std::move(trusted.error()));
  }
  auto candidate = cloud::read_answer(answer, installed.keystore, installed.password);
  Result<void> accepted;
  if (!candidate) {
    accepted = tl::unexpected(candidate.error());
  } else {
    accepted = certificate::accept(
        candidate->keystore, installed.keystore,
        {.account_id = settings_.account_id(), .trusted = std::move(*trusted), .now = around_.clock.now()});
  }
  if (accepted) {
    return candidate;
  }
  Error error = std::move(accepted.error());
  if (!error.reason) {
    return tl::unexpected(std::move(error));
  }
  Fields fields{{"reason", std::string(to_string(*error.reason))}};
  auto aside = answers_.set_aside(around_.clock.now());
  if (aside) {
    fields.emplace_back("answer", aside->string());
  } else {
    error.message += "; and " + aside.error().message;
  }
  event(EventName::renewal_rejected, "the installed keystore stays: " + error.message, std::move(fields));
  return tl::unexpected(std::move(error));
}

Result<void> Renewal::install(const cloud::Candidate& candidate, const Installed& installed) {
  auto generation = generations_.keep(installed.bytes);
  if (!generation) {
    return tl::unexpected(with_context("keeping the old keystore", std::move(generation.error())));
  }
  if (auto replaced = installation::replace(around_.filesystem, settings_.keystore.path, candidate.bytes); !replaced) {
    return replaced;
  }
  // The answer is in use now. One that cannot be removed is overwritten by the next.
  (void)answers_.discard();
  Fields fields = certificate_fields(candidate.keystore.certificate);
  fields.emplace_back("path", settings_.keystore.path.string());
  fields.emplace_back("generation", std::int64_t{*generation});
  event(EventName::keystore_installed,
        fmt::format("installed {}; the old keystore is generation {}", settings_.keystore.path.string(), *generation),
        std::move(fields));
  return {};
}

asio::awaitable<Result<gateway::Activation>> Renewal::activate() {
  const bool stopping = co_await stop_requested();
  if (stopping) {
    co_return failure(ErrorKind::cancelled, "told to stop before the gateway was activated");
  }
  auto activation = co_await around_.gateway.activate();
  if (!activation) {
    if (activation.error().kind != ErrorKind::cancelled) {
      event(EventName::gateway_activation_failed, activation.error().message);
    }
    co_return tl::unexpected(with_context("activating the new keystore", std::move(activation.error())));
  }
  event(EventName::gateway_activated, activation->message, {{"action", around_.gateway.description()}});
  if (activation->use != gateway::Use::in_use) {
    co_return std::move(*activation);
  }
  const bool stopping_now = co_await stop_requested();
  if (stopping_now) {
    co_return failure(ErrorKind::cancelled, "told to stop before the gateway was verified");
  }
  auto verified = co_await around_.gateway.verify();
  if (!verified) {
    if (verified.error().kind != ErrorKind::cancelled) {
      event(EventName::gateway_verification_failed, verified.error().message);
    }
    co_return tl::unexpected(with_context("verifying the gateway", std::move(verified.error())));
  }
  event(EventName::gateway_verified, *verified);
  co_return std::move(*activation);
}

void Renewal::event(EventName name, std::string_view message, Fields fields) const {
  around_.log.event(name, settings_.name, message, std::move(fields));
}

}  // namespace renewd::renewal
