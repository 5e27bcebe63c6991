#include "matrix/secrets.hpp"

#include "support/base64.hpp"

namespace renewd::testing {
namespace {

// Less than a line of PEM has, and more than comes about by chance.
constexpr std::size_t kPiece = 24;

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

}  // namespace renewd::testing
