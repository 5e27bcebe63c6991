// What the parts of one certificate's renewal share: the objects they use, and the state on the disk.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/thread_pool.hpp>

#include "certificate/certificate.hpp"
#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/event_log.hpp"
#include "core/filesystem.hpp"
#include "gateway/gateway.hpp"
#include "keystore/store.hpp"
#include "source/source.hpp"
#include "state/answer_store.hpp"
#include "state/generations.hpp"
#include "state/history.hpp"
#include "state/journal.hpp"
#include "state/lock.hpp"
#include "state/paths.hpp"
#include "state/retry_state.hpp"

namespace renewd::renewal {

using keystore::InstalledKeystore;
// How far the renewal under way has come.
using Record = state::JournalEntry;
using state::Phase;
using Invocations = std::map<std::string, std::string>;

// All of it must outlive the renewal.
struct RenewalContext {
  Filesystem& filesystem;
  keystore::Store& keystore;
  source::Source& source;
  gateway::Gateway& gateway;
  const EventLog& log;
  const Clock& clock;
  // Opens keystores outside the event loop; without it, the event loop blocks.
  boost::asio::thread_pool* pool = nullptr;
};

struct Completed {
  certificate::Certificate certificate;
  gateway::Activation activation;
  bool renewed = false;  // otherwise: the gateway was activated, or a stored keystore was installed
};

// The fields that say which certificate an event is about.
Fields certificate_fields(const certificate::Certificate& certificate);
// The first failure, with a second one after it.
Error with_another(Error error, std::string_view what, const Error& another);

using Expected = std::function<void(const certificate::Certificate&)>;
using Installed = std::function<void(const Record&, const certificate::Certificate&)>;

class Workspace : public RenewalContext {
 public:
  // `certificate` must outlive this object.
  Workspace(RenewalContext context, const configuration::CertificateSettings& certificate,
            const std::filesystem::path& state_directory);

  // The lock for one step of a renewal; `holder` is named to other processes that want it. Errors: busy, disk.
  Result<state::Lock> take_lock(std::string_view holder);
  // Writes the record in this phase to the journal, and returns it. It need not survive a power cut if it only says
  // what the keystore, the stored answer or the gateway shows as well, or what may be done again without harm.
  // `invocations` are those of a new phase.
  Result<Record> reach(const Record& record, Phase phase, Durability durability = Durability::full,
                       Invocations invocations = {});
  // The phase ended without a crash: sets its count of interruptions back to `remaining`.
  Result<void> forget_interruptions(int remaining);
  // From the index of the generations, or the stored keystore itself.
  std::optional<state::CertificateRecord> certificate_in(const state::Generation& generation);
  void event(EventName name, std::string_view message, const Fields& fields = {}) const;
  void event(Level level, EventName name, std::string_view message, const Fields& fields) const;

  const configuration::CertificateSettings& settings;
  state::StatePaths paths;
  state::AnswerStore answers;
  state::Generations generations;
  state::Journal journal;
  state::History history;
  state::RequestLog requests;
  // Called on the event loop when a keystore has been installed, the renewed or the previous one, before the gateway is
  // activated.
  Installed on_installed = [](const auto&, const auto&) {};
  // Called (on any thread) before a certificate is installed, and for one that was installed externally, once that is
  // logged.
  Expected on_expected = [](const auto&) {};
};

}  // namespace renewd::renewal
