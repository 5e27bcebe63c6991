// A command as a gateway, for the tests of what is run and of what cannot be run.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/command_action.hpp"
#include "unit/gateway/running.hpp"

namespace renewd::gateway::testing {

using Lines = std::vector<std::string>;

// A command, its gateway, and what it printed.
struct Command {
  explicit Command(std::vector<std::string> argv, std::chrono::seconds timeout = std::chrono::seconds(60))
      : action(
            loop.io.get_executor(), {std::move(argv), timeout},
            [this](std::string_view line) {
              lines.emplace_back(line);
              if (line == "cancel me") {
                loop.cancel();
              }
            },
            {{"token", {SecretSource::Kind::value, "", Secret("tok-en-1234")}}}, std::chrono::milliseconds(50)) {}

  Result<Activation> activate() { return loop.finish(action.activate({})); }

  Loop loop;
  Lines lines;
  CommandAction action;
};

}  // namespace renewd::gateway::testing
