// One host on which one thing goes wrong, and what must hold afterwards.
#pragma once

#include <optional>
#include <string>

#include "support/host.hpp"

namespace renewd::testing {

enum class GatewayKind { command, none };
std::string to_string(GatewayKind gateway);

// Gives the keystore an ACL of more than its mode, where the file system has that: one more thing to carry over.
void give_acl(const std::filesystem::path& keystore);

class Trial {
 public:
  // Another host like `prepared`, whose gateway command, if any, writes down the checksum of the keystore that it
  // finds.
  Trial(const Host& prepared, GatewayKind gateway);

  Host& host() { return host_; }

  // The keystore is the old one, untouched, or a new one, whole, with the old one's owner, mode and ACL; which?
  enum class Keystore { old_one, new_one };
  Keystore check_keystore();
  // No temporary file is left beside the keystore or in the state directory.
  void check_no_temporary_file() const;
  // A run on which nothing goes wrong completes the renewal, without asking the cloud if that had answered and the
  // answer was stored.
  void check_next_run_completes();
  // Everything is as after a renewal on which nothing went wrong.
  void check_completed();

 private:
  bool answer_is_safe();
  std::optional<std::string> newest_activation() const;

  Host host_;
  GatewayKind gateway_;
  Snapshot before_;
  std::size_t requests_before_;
  std::size_t issued_before_;
};

}  // namespace renewd::testing
