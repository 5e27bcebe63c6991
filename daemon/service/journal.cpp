#include "service/journal.hpp"

#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>

#include "core/text.hpp"

// Omits the source file and line, which would be the same in each entry.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

namespace renewd::service {
namespace {

int priority(Level level) {
  switch (level) {
    case Level::debug:
      return LOG_DEBUG;
    case Level::info:
      return LOG_INFO;
    case Level::warning:
      return LOG_WARNING;
    case Level::error:
      return LOG_ERR;
  }
  return LOG_ERR;
}

}  // namespace

bool standard_error_is_the_journal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat file{};
  return stream != nullptr && ::fstat(STDERR_FILENO, &file) == 0 &&
         fmt::format("{}:{}", file.st_dev, file.st_ino) == stream;
}

std::vector<std::string> journal_fields(const Event& event) {
  const std::string subject = event.certificate.empty() ? "" : fmt::format("[{}] ", event.certificate);
  std::vector<std::string> fields{
      fmt::format("MESSAGE={} {}{}", to_string(event.name), subject, event.message),
      fmt::format("MESSAGE_ID={}", message_id(event.name)),
      fmt::format("PRIORITY={}", priority(event.level)),
      "SYSLOG_IDENTIFIER=gravitee-renewd",
      fmt::format("GRAVITEE_EVENT={}", to_string(event.name)),
      fmt::format("GRAVITEE_LEVEL={}", to_string(event.level)),
      fmt::format("GRAVITEE_MESSAGE={}", event.message),
  };
  if (!event.certificate.empty()) {
    fields.push_back(fmt::format("GRAVITEE_CERTIFICATE={}", event.certificate));
  }
  for (const auto& [name, value] : event.fields) {
    fields.push_back(fmt::format("GRAVITEE_{}={}", upper_case(name), to_string(value)));
  }
  return fields;
}

void JournalOutput::write(const Event& event) {
  if (!shows(event.level)) {
    return;
  }
  std::vector<std::string> fields = journal_fields(event);
  std::vector<iovec> vectors;
  vectors.reserve(fields.size());
  for (auto& field : fields) {
    vectors.push_back({field.data(), field.size()});
  }
  (void)::sd_journal_sendv(vectors.data(), static_cast<int>(vectors.size()));
}

}  // namespace renewd::service
