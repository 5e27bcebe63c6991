// The text of the page about a certificate, without markup.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "report/assessment.hpp"
#include "report/certificate_status.hpp"

namespace renewd::monitoring {

struct PageText {
  report::Assessment assessment;
  std::string state;  // the worst finding in a few words: "in order", "expired"
  // Name and value: the installed certificate, the one in use, the past.
  std::vector<std::pair<std::string, std::string>> facts;
};

PageText page_text(const report::CertificateStatus& standing, report::Assessment assessment);

// "rolled back".
std::string in_words(const state::PastRenewal& past);

// Without the paths of secrets, which error messages may contain.
std::string without_secrets(std::string text, const std::vector<std::string>& hidden);

}  // namespace renewd::monitoring
