// One host on which one thing goes wrong, and what must hold afterwards.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "support/host.hpp"

namespace renewd::testing {

enum class GatewayKind {
  command,   // writes down the checksum of the keystore that it finds
  refusing,  // that too, and fails with any but the old one
  none
};

// Gives the keystore an ACL of more than its mode, where the file system has that: one more thing to carry over.
void give_acl(const std::filesystem::path& keystore);

// Leaves a fresh host as it is after a crash that came when the answer had just been stored.
void crash_with_answer_stored(const Host& host);

class Trial {
 public:
  // Another host like `prepared`, which is a fresh one or one that crashed with the answer stored.
  Trial(const Host& prepared, GatewayKind gateway);

  // Moves the keystore into another directory; a symbolic link stays in its place.
  void move_keystore(const std::filesystem::path& directory);

  Host& host() { return host_; }
  // The keystore may have been replaced, and be back.
  void allow_put_back() { put_back_ = true; }

  // How often the cloud was asked since the trial began.
  std::ptrdiff_t requests() const;

  // Whether the keystore is the previous one, unchanged, or the new one, complete, with the same owner, mode and ACL.
  enum class Keystore { old_one, new_one };
  Keystore check_keystore() const;
  // No temporary file is left beside the keystore or in the state directory.
  void check_no_temporary_file() const;
  // The next run, on which nothing goes wrong, brings the renewal to its end, and does not ask the cloud if the answer
  // was stored.
  void check_next_run();
  // Everything is as after a renewal on which nothing went wrong.
  void check_ended() const;

 private:
  void check_renewed() const;
  void check_rolled_back() const;
  std::optional<std::string> newest_activation() const;

  Host host_;
  GatewayKind gateway_;
  Snapshot old_;
  bool answered_before_;
  bool put_back_ = false;
  std::size_t requests_before_;
};

}  // namespace renewd::testing
