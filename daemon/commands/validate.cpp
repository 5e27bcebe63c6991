#include "commands/validate.hpp"

#include "commands/configured.hpp"
#include "commands/exit_status.hpp"

namespace renewd::commands {

int validate(const std::filesystem::path& file, std::ostream& out, std::ostream& errors) {
  const auto settings = load_configuration(file, errors);
  if (!settings) {
    return kUsageError;
  }
  const auto count = settings->certificates.size();
  out << file.string() << ": valid, " << count << (count == 1 ? " certificate\n" : " certificates\n");
  return kSuccess;
}

}  // namespace renewd::commands
