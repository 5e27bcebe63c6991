// What tests see of a daemon from outside: its events, and what it answers to HTTP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/host.hpp"

namespace renewd::testing {

// Whether a text has a part.
bool contains(const std::string& text, const std::string& part);
// Whether the daemon has logged an event so often.
std::function<bool(const std::string&)> says(const std::string& event, std::size_t times = 1);

// Gives the configuration of a host a section `metrics`, or another one.
void monitor(const Host& host, const std::string& metrics);
std::string listen_on(std::uint16_t port);
// The daemon of a host, to be told to stop by stop().
BackgroundProcess start_daemon(const Host& host);
void reload(BackgroundProcess& daemon, std::size_t times);
void stop(BackgroundProcess& daemon);

std::uint16_t free_port();
std::string url(std::uint16_t port, const std::string& path);
CommandResult curl(const std::vector<std::string>& arguments);
// The body of an answer with status 200, without a secret in it; anything else fails the test.
std::string get(std::uint16_t port, const std::string& path);
// The value of a sample in Prometheus' text format, by its name and labels without "gravitee_renewd_"; "(absent)".
std::string value_of(const std::string& metrics, const std::string& sample);

}  // namespace renewd::testing
