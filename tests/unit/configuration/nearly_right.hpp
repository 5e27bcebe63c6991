// Configurations that are valid except for one thing.
#pragma once

#include <string>

#include "configuration/diagnostic.hpp"

namespace renewd::configuration {

inline std::string place_of(const Diagnostic& diagnostic) {
  return std::to_string(diagnostic.place.line) + ":" + std::to_string(diagnostic.place.column);
}

// A certificate that is valid except for the added line. Line 1 is "certificates:", the entry begins on line 2, column
// 5; `line` becomes line 3, and the rest of the certificate is below it.
inline std::string with_line(const std::string& line) {
  return "certificates:\n  - name: a\n    " + line +
         "\n    account_url: https://h/a\n    token: {file: /t}\n    keystore: {path: /k}\n";
}

// With `renew: never`, only the keystore is required.
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
