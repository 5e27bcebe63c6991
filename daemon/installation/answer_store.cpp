#include "installation/answer_store.hpp"

#include <vector>

#include "core/text.hpp"
#include "core/try.hpp"
#include "installation/state_files.hpp"

namespace renewd::installation {
namespace {

constexpr std::string_view kRejectedPrefix = "answer-rejected-";
constexpr std::size_t kRejectedKept = 5;
// What may be received, and a little more: an answer too large for the gate was not stored.
constexpr std::size_t kAnswerLimit = 2 * 1024 * 1024;
// Ten times what an RSA 4096 keystore with its chain takes in base64.
constexpr std::size_t kRoom = 128 * 1024;

std::filesystem::path room(const StatePaths& paths) {
  return paths.directory / ".answer.room";
}

}  // namespace

Result<void> AnswerStore::take_room() {
  if (auto created = filesystem_.create_directories(paths_.directory, kStateDirectoryMode); !created) {
    return created;
  }
  give_room_back();  // a crash may have left it
  return filesystem_.create(room(paths_), std::string(kRoom, '\0'), state_file_attributes());
}

void AnswerStore::give_room_back() {
  (void)filesystem_.remove(room(paths_));
}

Result<void> AnswerStore::keep(std::string_view answer) {
  give_room_back();
  return write_state(filesystem_, paths_.answer(), answer);
}

Result<std::optional<std::string>> AnswerStore::load() const {
  if (!filesystem_.exists(paths_.answer())) {
    return std::nullopt;
  }
  return filesystem_.read(paths_.answer(), kAnswerLimit);
}

Result<void> AnswerStore::discard() {
  give_room_back();
  if (auto removed = filesystem_.remove(paths_.answer()); !removed) {
    return removed;
  }
  return filesystem_.sync_directory(paths_.directory);
}

Result<std::filesystem::path> AnswerStore::set_aside(TimePoint now) {
  const auto aside = paths_.directory / (std::string(kRejectedPrefix) + format_time(now));
  TRY(filesystem_.rename(paths_.answer(), aside));
  TRY_LET(auto names, filesystem_.list(paths_.directory));
  // Sorted by name is sorted by time.
  std::erase_if(names, [](const std::string& name) { return !name.starts_with(kRejectedPrefix); });
  for (std::size_t i = 0; i + kRejectedKept < names.size(); ++i) {
    TRY(filesystem_.remove(paths_.directory / names[i]));
  }
  TRY(filesystem_.sync_directory(paths_.directory));
  return aside;
}

}  // namespace renewd::installation
