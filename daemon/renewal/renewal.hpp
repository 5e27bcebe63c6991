// One renewal, from the request to a gateway that uses the new certificate: carry_on() performs what transitions.hpp
// says comes next. Each step is in the journal before the next begins, so that a renewal is resumed where a crash or a
// failure left it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "certificate/keystore.hpp"
#include "cloud/answer.hpp"
#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/event_log.hpp"
#include "core/filesystem.hpp"
#include "gateway/gateway.hpp"
#include "http/http_client.hpp"
#include "installation/answer_store.hpp"
#include "installation/attempts.hpp"
#include "installation/generations.hpp"
#include "installation/history.hpp"
#include "installation/journal.hpp"
#include "installation/lock.hpp"
#include "installation/state.hpp"
#include "renewal/installed.hpp"
#include "renewal/transitions.hpp"

namespace renewd::renewal {

// What a renewal works with; all of it must outlive the renewal.
struct RenewalContext {
  Filesystem& filesystem;
  http::HttpClient& http;
  gateway::Gateway& gateway;
  const EventLog& log;
  const Clock& clock;
  // Where keystores are opened, beside the event loop; nothing: on it.
  boost::asio::thread_pool* pool = nullptr;
};

struct Completed {
  certificate::Certificate certificate;
  gateway::Activation activation;
  bool renewed = false;  // else only the gateway was told, or a kept keystore was put in place
};

// The fields that tell which certificate an event is about.
Fields certificate_fields(const certificate::Certificate& certificate);
installation::CertificateRecord record_of(const certificate::Certificate& certificate);
// How the gateway was before the entry's last activation.
gateway::GatewaySnapshot before_of(const installation::JournalEntry& entry);
// The first failure, with a second one told behind it.
Error with_another(Error error, std::string_view what, const Error& another);

// Certificates are judged to the minute.
inline constexpr std::chrono::seconds kClockSkewTolerated{60};

// How often judging an answer is begun that never comes to an end, before the cloud is asked anew.
inline constexpr int kJudgingsPerAnswer = 2;

// How long an answer is held that is good at another time than now: a cloud that only says so must not stop renewal.
inline constexpr std::chrono::days kLongestHold{7};

class Renewal {
 public:
  // `requests_per_day` caps the requests to the cloud, whoever makes them.
  Renewal(RenewalContext context, configuration::CertificateSettings settings,
          const std::filesystem::path& state_directory, unsigned requests_per_day);

  // Called on the event loop when a certificate is put in place, the renewed or the old one, before the gateway is
  // told.
  void on_installed(std::function<void(const certificate::Certificate&)> installed) {
    installed_ = std::move(installed);
  }

  // The renewal that a crash or a failure left unfinished; nothing when there is none. One whose keystore somebody else
  // has replaced meanwhile is over, and a damaged journal is set aside: both are logged. Takes the certificate's lock.
  // Errors: busy, disk.
  Result<std::optional<installation::JournalEntry>> unfinished();

  // The fingerprint of the certificate that the unfinished renewal has installed; nothing when there is none.
  std::optional<std::string> installed_fingerprint() const {
    const auto entry = journal_.peek();
    return entry ? entry->fingerprint : std::nullopt;
  }

  // Whether there is an answer that could not be stored, and would be lost with this object.
  bool holds_answer() const { return unstored_answer_.has_value(); }

  // When the certificate expires that the gateway still uses while `unfinished` has installed another one: as recorded,
  // else that of the keystore from before. Nothing when neither is known.
  std::optional<std::chrono::sys_seconds> in_use_until(const installation::JournalEntry& unfinished) const;

  // When the cloud was asked within the last day, by whomever; oldest first.
  std::vector<TimePoint> requests(TimePoint now) { return requests_.load(now); }

  // Carries the unfinished renewal on, else begins one. Logs each step as an event. On an error the installed keystore
  // is untouched or back, unless its kind is `gateway` or `cancelled`: the new one may then be installed and not (yet)
  // in use, and the next call goes on from there. Who calls logs the error. `holder` names the caller to whoever else
  // wants the lock. Error `busy`: another process is at it.
  boost::asio::awaitable<Result<Completed>> run(std::string holder);

  // The first half of run(): asks the cloud, stores the answer and judges it, and installs nothing yet. Errors as
  // those of run(); a refused answer is over.
  boost::asio::awaitable<Result<void>> obtain(std::string holder);

  // By hand: makes the gateway use what is installed, whatever it uses now. A renewal that waits for just that is
  // carried on with. Logs each step, as run() does. Errors: gateway, disk, busy, cancelled.
  boost::asio::awaitable<Result<Completed>> activate_again(std::string holder);
  // By hand: puts the keystore from before back and makes the gateway use it; the installed one is kept. Never an
  // expired one. When the gateway does not come up with it, it stays, and the next run() goes on from there. Errors:
  // gateway, disk, busy, cancelled.
  boost::asio::awaitable<Result<Completed>> restore_previous(std::string holder);
  // The same with a generation of the operator's choice, also a newer one: what a roll-back took out is put back so.
  // Only of the same account.
  boost::asio::awaitable<Result<Completed>> restore_generation(std::string holder, int generation);

 private:
  using Entry = installation::JournalEntry;
  using Phase = installation::Phase;
  using Invocations = std::map<std::string, std::string>;

  Result<installation::Lock> take_lock(std::string_view holder);
  // The record as a step at the gateway left it, whatever came of the step.
  struct GatewayStep {
    Entry record;
    Result<gateway::Activation> outcome;
  };
  struct Seen {
    Facts facts;
    std::optional<Installed> previous;  // what a roll-back would put in place
  };

  Result<std::optional<Entry>> load_unfinished();
  bool superseded(const Entry& entry) const;
  Result<std::optional<Entry>> adapt(Entry entry);
  Result<std::optional<Entry>> leave_to_others(const Entry& entry);
  bool is_at_gateway() const;
  void forget_interruptions(int but = 0);
  // The runs of the gateway's units, where they are not those that were noted for the verification. Nothing where they
  // are, or nobody can tell.
  boost::asio::awaitable<std::optional<Invocations>> other_runs(Entry record);
  Entry with_replacement(Entry record) const;
  std::optional<installation::CertificateRecord> record_of_generation(const installation::Generation& generation) const;

  boost::asio::awaitable<Result<Completed>> carry_on(std::optional<Entry> record);
  Seen look(const std::optional<Entry>& record, const Result<gateway::Activation>& outcome, bool activated_here) const;
  Error yield(Entry record, const Result<gateway::Activation>& outcome);
  Error retry_later(Entry record, Error cause);
  Result<Completed> finish(const Entry& record, gateway::Activation activation);

  // The record with the stored answer.
  boost::asio::awaitable<Result<Entry>> ask();
  Result<void> may_be_asked(TimePoint now);
  void compare_clocks(std::optional<std::chrono::sys_seconds> server_time, TimePoint asked);
  Result<Entry> keep_answer(Entry record, std::string answer);

  struct Replaced {
    Entry record;
    certificate::Certificate certificate;  // that is installed now
  };
  Result<Replaced> install(Entry record);
  void tell_installed(const Entry& record, const certificate::Certificate& renewed,
                      const certificate::Certificate& previous) const;
  Result<Entry> begin_judging(Entry entry);
  Result<cloud::Candidate> judge(const Installed& installed, const Entry& entry);
  bool waits_for_its_time(const Error& refusal, const certificate::Certificate& renewed, const Installed& installed,
                          const Entry& entry) const;
  Error hold(Error error) const;
  std::optional<std::string> known_certificate(const certificate::Certificate& renewed,
                                               const Installed& installed) const;
  Error refuse(const Entry& entry, Error error);

  boost::asio::awaitable<GatewayStep> activate_new(Entry record);
  boost::asio::awaitable<GatewayStep> verify_new(Entry record, gateway::Activation activation);
  // `keystore` is "new", "old", "newer" or "installed", for messages.
  boost::asio::awaitable<GatewayStep> activate(Entry record, std::string keystore);
  // The certificate, which is installed, is recorded as in use where the gateway has started with it.
  boost::asio::awaitable<GatewayStep> activate_and_verify(Entry record, std::string keystore,
                                                          certificate::Certificate certificate);
  // The record with how things are before the gateway is told: the journal has it.
  boost::asio::awaitable<Result<Entry>> note_gateway(Entry record);
  boost::asio::awaitable<Result<gateway::Activation>> tell(gateway::GatewaySnapshot before, std::string keystore);
  Error activation_failed(Error error, const std::string& keystore) const;
  Entry end_telling(Entry record);
  // `activation` again, or that the gateway was stopped on purpose since.
  boost::asio::awaitable<Result<gateway::Activation>> verify(gateway::GatewaySnapshot before,
                                                             gateway::Activation activation, std::string keystore);

  std::optional<Installed> keystore_to_go_back_to(const Entry& entry) const;
  // What may be replaced by the old keystore: the renewed one, or (with `given_up`) what was there when a person gave
  // it up. Error busy for anything else.
  Result<std::string> replaceable(const Entry& entry, const Installed& old,
                                  const std::optional<std::string>& given_up) const;
  boost::asio::awaitable<GatewayStep> put_back(Entry record, Installed old, std::optional<std::string> given_up);
  boost::asio::awaitable<Error> roll_back(Entry record, Installed old, Error cause);
  Result<void> give_up_answer(Fields& fields);
  boost::asio::awaitable<Result<Completed>> change_to(std::string holder, std::optional<int> generation);
  boost::asio::awaitable<Result<Completed>> restore_chosen(Entry record, Installed kept,
                                                           std::optional<std::string> given_up);
  bool goes_forward(const Entry& entry, const Installed& kept) const;
  Result<int> previous_generation(std::string_view installed) const;
  Result<int> chosen_generation(int number) const;
  // The same keystore again, or why it may not take the place of the installed one.
  Result<Installed> may_replace(Installed chosen, const std::string& installed) const;
  Result<Entry> abandon(const std::string& installed, int generation);

  // The record in that phase, as the journal has it. `invocations` are those of a new phase.
  Result<Entry> reach(const Entry& record, Phase phase, Invocations invocations = {});
  void event(EventName name, std::string_view message, const Fields& fields = {}) const;
  void event(Level level, EventName name, std::string_view message, const Fields& fields) const;

  RenewalContext around_;
  configuration::CertificateSettings settings_;
  unsigned requests_per_day_;
  std::function<void(const certificate::Certificate&)> installed_ = [](const auto&) {};
  installation::StatePaths paths_;
  installation::AnswerStore answers_;
  installation::Generations generations_;
  installation::Journal journal_;
  installation::History history_;
  installation::RequestLog requests_;
  // How far this host's clock is behind the cloud's, as far as the last answer told.
  std::optional<std::chrono::seconds> clock_behind_;
  // Why the answer of this process's last request is still coded; empty where it is not.
  std::string undecoded_;
  // Whether this run has done anything to the gateway.
  bool acted_ = false;
  // An answer that could not be stored; it must not be lost while this process lives.
  std::optional<std::string> unstored_answer_;
};

}  // namespace renewd::renewal
