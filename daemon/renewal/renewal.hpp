// One renewal, from the request to a gateway that uses the new certificate. Read carry_on() top to bottom. Each step is
// in the journal before the next begins, so that a renewal goes on where a crash or a failure left it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "certificate/keystore.hpp"
#include "cloud/answer.hpp"
#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/event_log.hpp"
#include "core/filesystem.hpp"
#include "gateway/gateway.hpp"
#include "http/http_client.hpp"
#include "installation/answer_store.hpp"
#include "installation/generations.hpp"
#include "installation/history.hpp"
#include "installation/journal.hpp"
#include "installation/state.hpp"
#include "renewal/installed.hpp"

namespace renewd::renewal {

// What a renewal works with; all of it must outlive the renewal.
struct Surroundings {
  Filesystem& filesystem;
  http::HttpClient& http;
  gateway::Gateway& gateway;
  const EventLog& log;
  const Clock& clock;
};

struct Completed {
  certificate::Certificate certificate;
  gateway::Activation activation;
};

// The fields that tell which certificate an event is about.
Fields certificate_fields(const certificate::Certificate& certificate);
// The first failure, with a second one told behind it.
Error with_another(Error error, std::string_view what, const Error& another);

// How often an answer that the gateway did not come up with is tried before the cloud is asked anew.
inline constexpr int kRollbacksPerAnswer = 3;

class Renewal {
 public:
  Renewal(Surroundings surroundings, configuration::CertificateSettings settings,
          const std::filesystem::path& state_directory);

  // The renewal that a crash or a failure left unfinished; nothing when there is none. One whose keystore somebody else
  // has replaced meanwhile is over, and a damaged journal is set aside: both are logged. Takes the certificate's lock.
  // Errors: busy, disk.
  Result<std::optional<installation::JournalEntry>> unfinished();

  // Carries the unfinished renewal on, else begins one. Logs each step as an event. On an error the installed keystore
  // is untouched or back, unless its kind is `gateway` or `cancelled`: the new one may then be installed and not (yet)
  // in use, and the next call goes on from there. Who calls logs the error. `holder` names the caller to whoever else
  // wants the lock. Error `busy`: another process is at it.
  boost::asio::awaitable<Result<Completed>> run(std::string holder);

 private:
  using Entry = installation::JournalEntry;
  using Phase = installation::Phase;

  Result<std::optional<Entry>> recall();
  bool superseded(const Entry& entry) const;
  Result<void> abandon();
  Error yield(const Result<gateway::Activation>& activation);
  boost::asio::awaitable<Result<Completed>> carry_on(Entry& entry);
  boost::asio::awaitable<Result<void>> ask(Entry& entry);
  Result<void> keep_answer(Entry& entry, std::string answer);
  Result<void> install(Entry& entry);
  Result<cloud::Candidate> judge(const Installed& installed);
  Error refuse(Error error);
  boost::asio::awaitable<Result<gateway::Activation>> use(Entry& entry);
  // Notes in the journal how things are before the gateway is told.
  boost::asio::awaitable<Result<gateway::Before>> before_activation(Entry& entry);
  // `keystore` is "new" or "old", for messages.
  boost::asio::awaitable<Result<gateway::Activation>> activate(Entry& entry, std::string keystore);
  boost::asio::awaitable<Result<void>> verify(gateway::Before before, std::string keystore);
  std::optional<Installed> keystore_to_go_back_to(const Entry& entry) const;
  boost::asio::awaitable<Error> roll_back(Entry& entry, Installed old, Error cause);
  Result<void> give_up_answer(Fields& fields);
  Result<Completed> finish(Entry& entry, gateway::Activation activation);

  Result<void> reach(Entry& entry, Phase phase);
  void event(EventName name, std::string_view message, Fields fields = {}) const;
  void event(Level level, EventName name, std::string_view message, Fields fields) const;

  Surroundings around_;
  configuration::CertificateSettings settings_;
  installation::StatePaths paths_;
  installation::AnswerStore answers_;
  installation::Generations generations_;
  installation::Journal journal_;
  installation::History history_;
  // An answer that could not be stored; it must not be lost while this process lives.
  std::optional<std::string> unstored_answer_;
};

}  // namespace renewd::renewal
