// What the tests of surveys share.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "host.hpp"
#include "setup/survey.hpp"
#include "support/catch.hpp"

namespace renewd::setup {

using testing::kGatewayFile;
using testing::kGatewayHome;
using testing::kGatewayUnit;
using testing::SurveyedHost;

inline Survey look(const SurveyedHost& host, const std::vector<std::filesystem::path>& from = {}) {
  auto found = survey(host.files(), from);
  if (!found) {
    FAIL(found.error().message);
  }
  return std::move(*found);
}

inline FoundKeystore only_keystore(const SurveyedHost& host) {
  auto found = look(host);
  for (const auto& note : found.notes) {
    UNSCOPED_INFO(note);
  }
  REQUIRE(found.keystores.size() == 1);
  return std::move(found.keystores[0]);
}

inline std::string password_of(const FoundKeystore& keystore) {
  return keystore.password ? std::string(keystore.password->view()) : "(none: " + keystore.password_problem + ")";
}

inline std::string notes_of(const Survey& survey) {
  std::string all;
  for (const auto& note : survey.notes) {
    all += note + "\n";
  }
  return all;
}

}  // namespace renewd::setup
