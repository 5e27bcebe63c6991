#include "matrix/secrets.hpp"

#include <unistd.h>

#include <map>

#include "support/base64.hpp"
#include "support/process_memory.hpp"

namespace renewd::testing {
namespace {

// Less than a line of PEM has, and more than comes about by chance.
constexpr std::size_t kPiece = 24;
// Each piece is looked for in all of the memory, which takes its time.
constexpr std::size_t kPiecesInMemory = 4;

bool holds_answer(const std::filesystem::path& file) {
  return file.filename().string().starts_with("answer") || file.parent_path().filename() == "generations";
}

}  // namespace

void SecretSearch::learn_answers(const Host& host) {
  pieces_.clear();
  for (const auto& file : host.cloud().issued()) {
    const std::string answer = base64(read_file(file));
    for (std::size_t at = 0; at + kPiece <= answer.size(); at += kPiece) {
      pieces_.push_back(answer.substr(at, kPiece));
    }
  }
}

void SecretSearch::search(const std::string& where, const std::string& text) {
  if (const auto secret = secret_in(text); !secret.empty()) {
    problems_.push_back(where + " has the secret " + std::string(secret));
    return;
  }
  for (const auto& piece : pieces_) {
    if (text.find(piece) != std::string::npos) {
      problems_.push_back(where + " has a part of the answer: " + piece);
      return;
    }
  }
}

void SecretSearch::search_state(const std::filesystem::path& directory) {
  if (!std::filesystem::exists(directory)) {
    return;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    using std::filesystem::perms;
    if ((entry.symlink_status().permissions() & (perms::group_all | perms::others_all)) != perms::none) {
      problems_.push_back(entry.path().string() + " is open to others");
    }
    if (entry.is_regular_file() && !holds_answer(entry.path())) {
      search(entry.path().string(), read_file(entry.path()));
    }
  }
}

void SecretSearch::search_process(pid_t pid) {
  const std::string directory = "/proc/" + std::to_string(pid);
  search("the daemon's arguments", read_file(directory + "/cmdline"));
  search("the daemon's environment", read_file(directory + "/environ"));
}

void SecretSearch::search_memory(pid_t pid) {
  if (::geteuid() != 0) {
    return;
  }
  std::map<std::string, std::string> texts{{"the keystore's password (UTF-16)", utf16(kKeystorePassword)}};
  for (const std::string_view secret : secrets()) {
    texts.emplace(secret, secret);
  }
  for (std::size_t i = 0; i < pieces_.size(); i += 1 + pieces_.size() / kPiecesInMemory) {
    texts.emplace("the answer's part " + std::to_string(i), pieces_[i]);
  }
  if (const std::string found = left_in_memory(pid, texts); !found.empty()) {
    problems_.push_back("the daemon's memory has " + found);
  }
}

}  // namespace renewd::testing
