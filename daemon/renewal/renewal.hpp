// One renewal, from the request to a gateway that uses the new certificate. Read run() top to bottom.
#pragma once

#include <filesystem>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "certificate/keystore.hpp"
#include "cloud/answer.hpp"
#include "cloud/http_client.hpp"
#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/event_log.hpp"
#include "core/filesystem.hpp"
#include "gateway/gateway.hpp"
#include "installation/answer_store.hpp"
#include "installation/generations.hpp"
#include "installation/state.hpp"

namespace renewd::renewal {

// What a renewal works with; all of it must outlive the renewal.
struct Surroundings {
  Filesystem& filesystem;
  cloud::HttpClient& http;
  gateway::Gateway& gateway;
  const EventLog& log;
  const Clock& clock;
};

// The installed keystore as read at one moment.
struct Installed {
  std::string bytes;
  certificate::Keystore keystore;
  Secret password;  // empty when none is configured
};

// Reads and opens the installed keystore. The error's message tells a wrong password from a damaged file.
Result<Installed> read_installed(const Filesystem& filesystem, const configuration::KeystoreSettings& settings);

struct Completed {
  certificate::Certificate certificate;
  gateway::Activation activation;
};

class Renewal {
 public:
  Renewal(Surroundings surroundings, configuration::CertificateSettings settings,
          const std::filesystem::path& state_directory);

  // Logs each step as an event. On an error the installed keystore is untouched, unless its kind is `gateway`: the
  // new one is then installed and not (yet) in use. Who calls logs the error.
  boost::asio::awaitable<Result<Completed>> run();

  // The gateway step alone: activate and verify.
  boost::asio::awaitable<Result<gateway::Activation>> activate();

 private:
  boost::asio::awaitable<Result<std::string>> ask();
  Result<cloud::Candidate> judge(const std::string& answer, const Installed& installed);
  Result<void> install(const cloud::Candidate& candidate, const Installed& installed);

  void event(EventName name, std::string_view message, Fields fields = {}) const;

  Surroundings around_;
  configuration::CertificateSettings settings_;
  installation::AnswerStore answers_;
  installation::Generations generations_;
};

}  // namespace renewd::renewal
