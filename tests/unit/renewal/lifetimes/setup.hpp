// How one simulated host is configured, drawn at random from what an operator may write.
#pragma once

#include <chrono>
#include <string>

#include "configuration/settings.hpp"
#include "lifetimes/random.hpp"

namespace renewd::testing {

struct Setup {
  configuration::CertificateSettings certificate;
  configuration::ScheduleSettings schedule;
  std::chrono::seconds offset;    // this host's splay
  std::chrono::seconds lifetime;  // of what the cloud issues
};

enum class Windows { none, some };

Setup draw_setup(Random& random, Windows windows);
std::string describe(const Setup& setup);

}  // namespace renewd::testing
