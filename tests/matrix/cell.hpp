// One cell of the matrix: a host of its own, whose renewal meets a fault, and which renews once the fault is over.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "matrix/fault_table.hpp"

namespace renewd::testing {

enum class Kind { pkcs12, pem, jks };
enum class Route { direct, proxy };
// What meets the fault: the command `renew`, or the daemon, whose page and metrics are then read, too.
enum class Runner { renew, daemon };

struct Cell {
  Kind kind;
  Route route;
  Runner runner;
};

// The cells of a fault, which is the `number`-th of the table.
std::vector<Cell> cells_of(std::size_t number);
// "JKS through the proxy, by the daemon"
std::string to_string(const Cell& cell);

struct Verdict {
  std::vector<std::string> problems;  // none: the cell is as it must be
  std::string log;                    // what the binary said
};

// Without Catch, since cells run in threads. `jks`: a JKS file of the account, for cells with one.
Verdict run_cell(const Fault& fault, const Cell& cell, const std::filesystem::path& jks);

}  // namespace renewd::testing
