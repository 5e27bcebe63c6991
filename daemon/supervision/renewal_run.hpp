// One renewal under the daemon: its two stages, when a slot of the process is free. Waiting for it is not "stuck".
#pragma once

#include <chrono>
#include <optional>

#include <boost/asio/awaitable.hpp>

#include "core/slots.hpp"
#include "renewal/renewal.hpp"
#include "renewal/schedule.hpp"
#include "supervision/progress.hpp"

namespace renewd::supervision {

class RenewalRun {
 public:
  // `longest`: what both stages may take. All references must outlive this object.
  RenewalRun(renewal::Renewal& renewal, Slots& slots, Progress& progress, std::chrono::seconds longest)
      : renewal_(renewal), slots_(slots), progress_(progress), longest_(longest) {}

  // Nothing where `act` is to obtain a certificate only. Errors: those of the stages.
  boost::asio::awaitable<Result<std::optional<renewal::Completed>>> run(renewal::Act act);

 private:
  boost::asio::awaitable<Result<Slots::Slot>> take_slot();

  renewal::Renewal& renewal_;
  Slots& slots_;
  Progress& progress_;
  std::chrono::seconds longest_;
};

}  // namespace renewd::supervision
