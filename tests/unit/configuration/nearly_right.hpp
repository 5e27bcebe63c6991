// Configurations that are right but for one thing.
#pragma once

#include <string>

#include "configuration/diagnostic.hpp"

namespace renewd::configuration {

inline std::string place_of(const Diagnostic& diagnostic) {
  return std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
}

// A certificate that is right but for what a case adds or replaces. Line 1 is "certificates:", the entry begins on
// line 2, column 5; `line` becomes line 3 and the rest of a certificate is below it.
inline std::string with_line(const std::string& line) {
  return "certificates:\n  - name: a\n    " + line +
         "\n    account_url: https://h/a\n    token: {file: /t}\n    keystore: {path: /k}\n";
}

// Nothing but the keystore is needed when a certificate is only watched.
inline std::string watched(const std::string& keys) {
  return "certificates:\n  - name: a\n    renew: never\n    " + keys + "\n";
}

inline std::string with_gateway(const std::string& gateway) {
  return with_line("gateway: " + gateway);
}

inline std::string with_top_level(const std::string& keys) {
  return "certificates: [{name: a, renew: never, keystore: {path: /k}}]\n" + keys + "\n";
}

}  // namespace renewd::configuration
