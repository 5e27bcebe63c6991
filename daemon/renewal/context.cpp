#include "renewal/context.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/error_context.hpp"
#include "core/text.hpp"
#include "core/try.hpp"

namespace renewd::renewal {

using certificate::Certificate;

Fields certificate_fields(const Certificate& certificate) {
  return {{"serial", certificate.serial()},
          {"not_before", format_time(certificate.not_before())},
          {"not_after", format_time(certificate.not_after())}};
}

Error with_another(Error error, std::string_view what, const Error& another) {
  error.message += fmt::format("; {}: {}", what, another.message);
  return error;
}

Workspace::Workspace(RenewalContext context, const configuration::CertificateSettings& certificate,
                     const std::filesystem::path& state_directory)
    : RenewalContext(context),
      settings(certificate),
      paths(state_directory, settings.name),
      answers(filesystem, paths),
      generations(filesystem, paths),
      journal(filesystem, paths),
      history(filesystem, paths),
      requests(filesystem, paths) {}

Result<state::Lock> Workspace::take_lock(std::string_view holder) {
  TRY(filesystem.create_directories(paths.directory(), state::kStateDirectoryMode)
          .map_error(in_context("preparing the state directory")));
  return state::Lock::acquire(filesystem, paths.lock(), holder);
}

Result<Record> Workspace::reach(const Record& record, Phase phase, Durability durability, Invocations invocations) {
  Record reached = advanced(record, phase, clock.now());
  if (phase != record.phase && reached.last_activation) {
    reached.last_activation->invocations = std::move(invocations);
  }
  TRY(journal.write(reached, durability));
  return reached;
}

Result<void> Workspace::forget_interruptions(int remaining) {
  auto left = journal.peek();
  if (!left || left->resumed <= remaining) {
    return {};
  }
  left->resumed = remaining;
  return journal.write(*left, Durability::process);
}

std::optional<state::CertificateRecord> Workspace::certificate_in(const state::Generation& generation) {
  if (generation.certificate) {
    return generation.certificate;
  }
  const auto opened = generations.read(generation.number).and_then([this](std::string bytes) {
    return keystore.open(std::move(bytes));
  });
  return opened ? std::optional(state::record_of(opened->keystore.certificate)) : std::nullopt;
}

void Workspace::event(EventName name, std::string_view message, const Fields& fields) const {
  log.event(name, settings.name, message, fields);
}

void Workspace::event(Level level, EventName name, std::string_view message, const Fields& fields) const {
  log.event(level, name, settings.name, message, fields);
}

}  // namespace renewd::renewal
