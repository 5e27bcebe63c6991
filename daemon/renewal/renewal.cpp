#include "renewal/renewal.hpp"

#include <utility>

#include <fmt/format.h>

#include "certificate/acceptance.hpp"
#include "cloud/renew_api.hpp"
#include "core/blocking.hpp"
#include "core/cancellation.hpp"
#include "core/text.hpp"
#include "installation/installer.hpp"
#include "installation/lock.hpp"
#include "renewal/retry.hpp"

namespace renewd::renewal {
namespace {

namespace asio = boost::asio;
using certificate::Certificate;

}  // namespace

Fields certificate_fields(const Certificate& certificate) {
  return {{"serial", certificate.serial()},
          {"not_before", format_time(certificate.not_before())},
          {"not_after", format_time(certificate.not_after())}};
}

installation::CertificateRecord record_of(const Certificate& certificate) {
  return {certificate.serial(), certificate.fingerprint_sha256(), certificate.not_before(), certificate.not_after()};
}

Error with_another(Error error, std::string_view what, const Error& another) {
  error.message += fmt::format("; {}: {}", what, another.message);
  return error;
}

Renewal::Renewal(Surroundings surroundings, configuration::CertificateSettings settings,
                 const std::filesystem::path& state_directory, unsigned requests_per_day)
    : around_(surroundings),
      settings_(std::move(settings)),
      requests_per_day_(requests_per_day),
      paths_(state_directory, settings_.name),
      answers_(around_.filesystem, paths_),
      generations_(around_.filesystem, paths_),
      journal_(around_.filesystem, paths_),
      history_(around_.filesystem, paths_),
      requests_(around_.filesystem, paths_) {}

Result<installation::Lock> Renewal::take_lock(std::string_view holder) {
  if (auto created = around_.filesystem.create_directories(paths_.directory, installation::kStateDirectoryMode);
      !created) {
    return tl::unexpected(with_context("preparing the state directory", std::move(created.error())));
  }
  return installation::Lock::acquire(around_.filesystem, paths_.lock(), holder);
}

asio::awaitable<Result<Completed>> Renewal::run(std::string holder) {
  const auto lock = take_lock(holder);
  if (!lock) {
    co_return tl::unexpected(lock.error());
  }
  auto recalled = co_await run_blocking(around_.pool, [this] { return recall(); });
  if (!recalled) {
    co_return tl::unexpected(std::move(recalled.error()));
  }
  Entry entry = recalled->value_or(Entry{});
  acted_ = false;
  int interruptions = 0;
  if (*recalled) {
    event(EventName::renewal_resumed, fmt::format("going on after \"{}\"", to_string(entry.phase)),
          {{"phase", std::string(to_string(entry.phase))}, {"resumed", std::int64_t{entry.resumed}}});
    // With an answer the first run counts, too: see begin_judging().
    if (entry.phase != Phase::answered) {
      const bool survived = co_await runs_as_noted(entry);
      interruptions = entry.resumed + (survived ? 0 : 1);
      entry.resumed = interruptions + 1;
      if (auto written = journal_.write(entry); !written) {
        co_return tl::unexpected(std::move(written.error()));
      }
    }
  }
  auto completed = co_await carry_on(entry);
  // A stop in the middle of the gateway's part may be of the gateway's making, and come again each time: where it was
  // told just now, or (which the next run sees) has not survived it.
  const bool stopped_at_gateway =
      !completed && completed.error().kind == ErrorKind::cancelled && entry.phase >= Phase::installed;
  if (!completed && !(stopped_at_gateway && acted_)) {
    forget_interruptions(stopped_at_gateway ? interruptions : 0);
  }
  co_return completed;
}

asio::awaitable<Result<Completed>> Renewal::carry_on(Entry& entry) {
  if (entry.phase == Phase::requested) {
    auto asked = co_await ask(entry);
    if (!asked) {
      co_return tl::unexpected(std::move(asked.error()));
    }
  }
  if (entry.phase == Phase::rolling_back) {
    auto old = co_await run_blocking(around_.pool, [&] { return keystore_to_go_back_to(entry); });
    if (old && goes_forward(entry, *old)) {
      co_return co_await install_kept(entry, std::move(*old), std::nullopt);
    }
    if (old) {
      Error error = co_await roll_back(
          entry, std::move(*old),
          Error{ErrorKind::gateway, "the gateway did not come up with the renewed keystore when it was tried before"});
      co_return tl::unexpected(std::move(error));
    }
    // The old one has expired meanwhile: forward again, with the stored answer.
    if (auto back = reach(entry, Phase::answered); !back) {
      co_return tl::unexpected(std::move(back.error()));
    }
  }
  if (entry.phase < Phase::installed) {
    auto installed = co_await run_blocking(around_.pool, [&] { return install(entry); });
    if (!installed) {
      co_return tl::unexpected(std::move(installed.error()));
    }
    installed_(*installed);
  }
  auto activation = co_await use(entry);
  const bool replaced = co_await run_blocking(around_.pool, [&] { return superseded(entry); });
  if (replaced) {
    Error error = co_await run_blocking(around_.pool, [&] { return yield(std::move(entry), activation); });
    co_return tl::unexpected(std::move(error));
  }
  if (!activation) {
    Error error = std::move(activation.error());
    if (error.kind != ErrorKind::gateway) {
      co_return tl::unexpected(std::move(error));
    }
    auto old = co_await run_blocking(around_.pool, [&] { return keystore_to_go_back_to(entry); });
    if (!old) {
      // A gateway that does not come up is told again, not only looked at.
      if (auto back = reach(entry, Phase::installed); !back) {
        error = with_another(std::move(error), "and the journal was not written", back.error());
      }
      co_return tl::unexpected(std::move(error));
    }
    error = co_await roll_back(entry, std::move(*old), std::move(error));
    co_return tl::unexpected(std::move(error));
  }
  co_return co_await run_blocking(around_.pool, [&] { return finish(entry, std::move(*activation)); });
}

asio::awaitable<Result<void>> Renewal::obtain(std::string holder) {
  const auto lock = take_lock(holder);
  if (!lock) {
    co_return tl::unexpected(lock.error());
  }
  auto recalled = co_await run_blocking(around_.pool, [this] { return recall(); });
  if (!recalled) {
    co_return tl::unexpected(std::move(recalled.error()));
  }
  Entry entry = recalled->value_or(Entry{});
  if (entry.phase == Phase::requested) {
    auto asked = co_await ask(entry);
    if (!asked) {
      co_return tl::unexpected(std::move(asked.error()));
    }
  }
  if (entry.phase != Phase::answered) {
    co_return Result<void>();
  }
  co_return co_await run_blocking(around_.pool, [&] {
    auto judged = begin_judging(entry)
                      .and_then([&] { return read_installed(around_.filesystem, settings_.keystore); })
                      .and_then([&](const Installed& installed) { return judge(installed, entry); })
                      .map([](const cloud::Candidate&) {});
    forget_interruptions();
    return judged;
  });
}

// Judges the stored answer against the keystore as it is now, and puts the new one in its place.
Result<Certificate> Renewal::install(Entry& entry) {
  auto installed = read_installed(around_.filesystem, settings_.keystore);
  if (!installed) {
    return tl::unexpected(std::move(installed.error()));
  }
  if (auto begun = begin_judging(entry); !begun) {
    return tl::unexpected(std::move(begun.error()));
  }
  auto candidate = judge(*installed, entry);
  if (!candidate) {
    return tl::unexpected(std::move(candidate.error()));
  }
  const Certificate& renewed = candidate->keystore.certificate;
  const std::string fingerprint = renewed.fingerprint_sha256();
  // A crash between the replacement and its line in the journal: it is in place already.
  const bool in_place = installed->keystore.certificate.fingerprint_sha256() == fingerprint;
  if (!in_place) {
    auto generation = generations_.keep(installed->bytes, record_of(installed->keystore.certificate));
    if (!generation) {
      return tl::unexpected(with_context("keeping the old keystore", std::move(generation.error())));
    }
    entry.fingerprint = fingerprint;
    entry.previous_generation = *generation;
    if (auto written = reach(entry, Phase::accepted); !written) {
      return tl::unexpected(std::move(written.error()));
    }
    if (auto replaced =
            installation::replace(around_.filesystem, settings_.keystore.path, installed->bytes, candidate->bytes);
        !replaced) {
      return tl::unexpected(std::move(replaced.error()));
    }
  }
  entry.fingerprint = fingerprint;
  Fields fields = certificate_fields(renewed);
  fields.emplace_back("path", settings_.keystore.path.string());
  fields.emplace_back("generation", std::int64_t{entry.previous_generation});
  const std::string key = renewed.key_type();
  const std::string previous_key = installed->keystore.certificate.key_type();
  if (key != previous_key) {
    fields.emplace_back("key", key);
    fields.emplace_back("previous_key", previous_key);
  }
  event(EventName::keystore_installed,
        fmt::format("installed {}; the old keystore is generation {}{}", settings_.keystore.path.string(),
                    entry.previous_generation,
                    key == previous_key
                        ? ""
                        : fmt::format("; the key is of another kind: {}, the previous one is {}", key, previous_key)),
        fields);
  return reach(entry, Phase::installed).map([&renewed] { return renewed; });
}

// Somebody else's keystore is in the place of ours. The next run goes on from there.
Error Renewal::yield(Entry entry, const Result<gateway::Activation>& activation) {
  Error error{ErrorKind::busy, "somebody else has replaced the keystore meanwhile"};
  if (!activation) {
    error = with_another(std::move(error), "before that", activation.error());
  }
  if (auto adapted = adapt(std::move(entry)); !adapted) {
    error = with_another(std::move(error), "writing the journal", adapted.error());
  }
  return error;
}

Result<Completed> Renewal::finish(Entry& entry, gateway::Activation activation) {
  auto installed = read_installed(around_.filesystem, settings_.keystore);
  if (!installed) {
    return tl::unexpected(std::move(installed.error()));
  }
  const Certificate& renewed = installed->keystore.certificate;
  // Else only the gateway was told, of a keystore that came otherwise: that is no renewal.
  const bool asked = entry.reached.contains(Phase::answered);
  Result<void> recorded;
  if (entry.in_use) {
    recorded = history_.record_in_use(record_of(renewed));
  }
  // The journal goes last: whatever fails before is repeated.
  recorded =
      std::move(recorded)
          .and_then([&] {
            return history_.append(asked ? "renewed" : "activated", entry, around_.clock.now(), renewed.key_type());
          })
          .and_then([&] { return answers_.discard(); })
          .and_then([&] { return journal_.clear(); });
  if (!recorded) {
    return tl::unexpected(with_context("closing the renewal", std::move(recorded.error())));
  }
  entry = Entry{};
  if (asked) {
    event(EventName::renewal_completed,
          fmt::format("renewed until {}; {}", format_time(renewed.not_after()), activation.message),
          certificate_fields(renewed));
  }
  return Completed{renewed, std::move(activation), asked};
}

Result<void> Renewal::reach(Entry& entry, Phase phase, Invocations invocations) {
  Entry next = entry;
  next.phase = phase;
  if (phase != entry.phase) {
    next.invocations = std::move(invocations);
  }
  // A gateway that is verified may have to be told again: to and fro between these is no advance.
  const auto tells = [](Phase one) { return one == Phase::installed || one == Phase::activated; };
  if (phase != entry.phase && !(tells(phase) && tells(entry.phase))) {
    next.resumed = 0;  // what counts interruptions counts those in one phase
  }
  // What comes after a phase that was gone back to is not reached any more.
  next.reached.erase(next.reached.upper_bound(phase), next.reached.end());
  next.reached.try_emplace(
      phase, std::chrono::duration_cast<std::chrono::seconds>(around_.clock.now().time_since_epoch()).count());
  if (auto written = journal_.write(next); !written) {
    return written;
  }
  entry = std::move(next);
  return {};
}

void Renewal::event(EventName name, std::string_view message, const Fields& fields) const {
  around_.log.event(name, settings_.name, message, fields);
}

void Renewal::event(Level level, EventName name, std::string_view message, const Fields& fields) const {
  around_.log.event(level, name, settings_.name, message, fields);
}

}  // namespace renewd::renewal
