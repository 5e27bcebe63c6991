#include "support/simulator.hpp"

#include <algorithm>
#include <sstream>

#include <boost/json.hpp>

namespace renewd::testing {
namespace {

constexpr std::string_view kListening = "listening on ";

std::vector<std::string> command_line(const TemporaryDirectory& directory, const std::vector<std::string>& flags) {
  // Quiet, since a test reads the output only while it waits for it: a full pipe would stop the simulator.
  std::vector<std::string> argv = {CLOUD_SIMULATOR, "--quiet",     "--directory", directory.path().string(),
                                   "--token",       kAccountToken, "--password",  kKeystorePassword};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return argv;
}

}  // namespace

Simulator::Simulator(const std::vector<std::string>& flags) : process_(command_line(directory_, flags)) {
  const std::string line =
      process_.wait_for_output([](const std::string& output) { return output.find('\n') != std::string::npos; });
  url_ = line.substr(kListening.size(), line.find('\n') - kListening.size());
}

std::vector<boost::json::object> Simulator::requests() const {
  std::vector<boost::json::object> requests;
  std::istringstream lines(read_file(directory_ / "requests.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    requests.push_back(boost::json::parse(line).as_object());
  }
  return requests;
}

std::size_t Simulator::request_count() const {
  const std::string lines = read_file(directory_ / "requests.jsonl");
  return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
}

std::vector<std::filesystem::path> Simulator::issued() const {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ / "issued")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace renewd::testing
