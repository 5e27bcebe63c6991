// What the whole process needs, then the command line.
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>

#include "certificate/openssl.hpp"
#include "commands/command_line.hpp"
#include "commands/exit_status.hpp"
#include "commands/printable_output.hpp"
#include "core/descriptor_output.hpp"
#include "core/log_queue.hpp"
#include "core/private_memory.hpp"
#include "supervision/signals.hpp"

namespace {

namespace commands = renewd::commands;

// A result that could not be written (a full disk, a closed pipe) is no result.
int with_output_written(int status) {
  std::cout.flush();
  if (std::cout || status != commands::kSuccess) {
    return status;
  }
  std::cerr << "gravitee-renewd: the result could not be written to standard output\n";
  return commands::kFailure;
}

int status_of(int argc, char** argv) {
  try {
    return with_output_written(commands::run_command_line(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "gravitee-renewd: internal error: " << error.what() << '\n';
    return commands::kFailure;
  }
}

}  // namespace

int main(int argc, char** argv) {
  renewd::supervision::set_up_signals();
  renewd::keep_memory_private();
  renewd::certificate::wipe_freed_openssl_memory();
  // What a terminal that is stopped holds up must not hold the end up, too.
  renewd::DescriptorOutput standard_error(STDERR_FILENO);
  const commands::PrintableOutput output(std::cout);
  const commands::PrintableOutput errors(std::cerr, standard_error);
  const int status = status_of(argc, argv);
  if (renewd::LogQueue::left_a_writer()) {
    std::_Exit(status);  // the thread may be in one of the buffers above
  }
  return status;
}
