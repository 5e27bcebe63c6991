#include "state/answer_store.hpp"

#include <vector>

#include "core/text.hpp"
#include "core/try.hpp"
#include "state/state_files.hpp"

namespace renewd::state {
namespace {

constexpr std::string_view kRejectedPrefix = "answer-rejected-";
constexpr std::size_t kRejectedKept = 5;
// More than may be received: an answer that is too large is not stored.
constexpr std::size_t kAnswerLimit = std::size_t{2} * 1024 * 1024;
// Ten times the size of an RSA 4096 keystore with its chain in base64.
constexpr std::size_t kReservedBytes = std::size_t{128} * 1024;

std::filesystem::path reserved_file(const StatePaths& paths) {
  return paths.directory() / ".answer.room";
}

}  // namespace

Result<void> AnswerStore::reserve_space() {
  TRY(filesystem_.create_directories(paths_.directory(), kStateDirectoryMode));
  release_space();  // a crash may have left it
  // The file system counts the space when it is written, and a network file system when the file is closed.
  return filesystem_.create(reserved_file(paths_), std::string(kReservedBytes, '\0'), state_file_attributes(),
                            Durability::process);
}

void AnswerStore::release_space() {
  (void)filesystem_.remove(reserved_file(paths_));
}

Result<void> AnswerStore::store(std::string_view answer) {
  release_space();
  return write_state(filesystem_, paths_.answer(), answer);
}

Result<std::optional<std::string>> AnswerStore::load() const {
  if (!filesystem_.exists(paths_.answer())) {
    return std::nullopt;
  }
  return filesystem_.read(paths_.answer(), kAnswerLimit);
}

Result<void> AnswerStore::discard() {
  release_space();
  TRY(filesystem_.remove(paths_.answer()));
  return filesystem_.sync_directory(paths_.directory());
}

Result<std::filesystem::path> AnswerStore::set_aside(TimePoint now) {
  auto aside = paths_.directory() / (std::string(kRejectedPrefix) + format_time(now));
  TRY(filesystem_.rename(paths_.answer(), aside));
  TRY_LET(auto names, filesystem_.list(paths_.directory()));
  // list() sorts by name, and these names by time.
  std::erase_if(names, [](const std::string& name) { return !name.starts_with(kRejectedPrefix); });
  for (std::size_t i = 0; i + kRejectedKept < names.size(); ++i) {
    TRY(filesystem_.remove(paths_.directory() / names[i]));
  }
  TRY(filesystem_.sync_directory(paths_.directory()));
  return aside;
}

}  // namespace renewd::state
