// Looks for secrets where none may be: what programs print, what they are called with, and the files of the state.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/host.hpp"

namespace renewd::testing {

class SecretSearch {
 public:
  // The answers that the cloud has issued so far are secrets, too.
  void learn_answers(const Host& host);
  // Adds a problem for the first secret that the text has. `where`: "the log".
  void search(const std::string& where, const std::string& text);
  // In all files below, but for those that hold an answer or a keystore; and whether anything is open to others.
  void search_state(const std::filesystem::path& directory);
  // In the arguments and the environment of a process.
  void search_process(pid_t pid);
  // In the memory of a process once it is idle; as root.
  void search_memory(pid_t pid);

  const std::vector<std::string>& problems() const { return problems_; }

 private:
  std::vector<std::string> pieces_;  // of the answers, in base64
  std::vector<std::string> problems_;
};

}  // namespace renewd::testing
