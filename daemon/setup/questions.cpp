#include "setup/questions.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "configuration/text_values.hpp"
#include "configuration/unit_names.hpp"
#include "core/text.hpp"
#include "core/whole_file.hpp"

namespace renewd::setup {

Answered<std::string> NoAnswers::answer(const Question& question) {
  if (!question.missing.empty()) {
    (void)refuse(question.missing);
  }
  return question.suggestion;
}

Answered<Secret> NoAnswers::secret(const SecretQuestion& question) {
  if (!question.missing.empty()) {
    (void)refuse(question.missing);
  }
  return question.otherwise;
}

Answered<void> NoAnswers::refuse(std::string reason) {
  if (std::find(reasons_.begin(), reasons_.end(), reason) == reasons_.end()) {
    reasons_.push_back(std::move(reason));
  }
  return {};
}

Answered<void> NoAnswers::settled() const {
  if (reasons_.empty()) {
    return {};
  }
  return tl::unexpected(Incomplete{"this is missing or wrong, and there is no terminal to ask at:", reasons_});
}

Checked<std::string> absolute_path(const std::string& text) {
  if (!is_utf8(text)) {
    return tl::unexpected(std::string("must be UTF-8, as the configuration is"));
  }
  return text.starts_with('/') ? Checked<std::string>(text) : tl::unexpected(std::string("must be an absolute path"));
}

Checked<std::string> lasting_file(const std::string& text) {
  if (auto path = absolute_path(text); !path) {
    return path;
  }
  struct stat status{};
  const std::string_view kind = ::stat(text.c_str(), &status) == 0 ? special_kind(status.st_mode) : "";
  const std::string path = printable(text, 500);
  constexpr std::string_view kAdvice = "name a file that stays, such as one in /etc/gravitee-renewd";
  if (!kind.empty()) {
    return tl::unexpected(fmt::format("must be a regular file, which the daemon reads at each use, and {} is {}; {}",
                                      path, kind, kAdvice));
  }
  if (text.starts_with("/dev/") || text.starts_with("/proc/")) {
    return tl::unexpected(fmt::format("must still be there when the daemon runs, and {} will not; {}", path, kAdvice));
  }
  return text;
}

Checked<std::string> full_unit_name(const std::string& text) {
  if (configuration::is_unit_name(text)) {
    return text;
  }
  return tl::unexpected(std::string("must be a unit's full name, such as graviteeio-apim-gateway.service"));
}

Checked<std::string> certificate_name(const std::string& text) {
  return configuration::parse_certificate_name(text);
}

}  // namespace renewd::setup
