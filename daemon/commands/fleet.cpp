#include "commands/fleet.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>
#include <fmt/ostream.h>

#include "commands/configured.hpp"
#include "commands/exit_status.hpp"
#include "commands/fleet_account.hpp"
#include "commands/fleet_members.hpp"
#include "commands/fleet_text.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "fleet/etcd_store.hpp"
#include "fleet/local_record.hpp"
#include "http/https_client.hpp"
#include "renewal/renewal.hpp"
#include "state/paths.hpp"
#include "supervision/event_loop.hpp"
#include "supervision/fleet_link.hpp"
#include "supervision/wiring.hpp"

namespace renewd::commands {
namespace {

namespace asio = boost::asio;
using configuration::Settings;

constexpr std::size_t kLongestError = 2000;

// The settings of a command, and its connection to etcd. Lives as long as the loop runs.
class FleetCommand {
 public:
  FleetCommand(std::string_view command, Settings settings)
      : command_(command),
        settings_(std::move(settings)),
        host_(supervision::fleet_host(*settings_.fleet.etcd)),
        store_(loop_.executor(), *settings_.fleet.etcd, host_) {}

  FleetAccount account(const FleetAccounts& which) { return {store_, settings_.fleet.etcd->prefix, which.account}; }
  const Settings& settings() const { return settings_; }
  const configuration::EtcdSettings& etcd() const { return *settings_.fleet.etcd; }
  const std::string& host() const { return host_; }
  asio::any_io_executor executor() { return loop_.executor(); }

  // Runs the work, and reports its error.
  template <typename T>
  std::optional<T> run(asio::awaitable<Result<T>> work, std::ostream& errors) {
    std::optional<Result<T>> result;
    loop_.start(finish(std::move(work), result));
    const bool interrupted = loop_.run([](std::string_view) {});
    if (interrupted || !result) {
      fmt::print(errors, "{}: interrupted\n", command_);
      return std::nullopt;
    }
    if (!*result) {
      report(result->error(), errors);
      return std::nullopt;
    }
    return std::move(**result);
  }

  void report(const Error& error, std::ostream& errors) const {
    fmt::print(errors, "{}: {}\n", command_, printable(error.message, kLongestError));
    if (!error.advice.empty()) {
      fmt::print(errors, "{}: what to do: {}\n", command_, printable(error.advice, kLongestError));
    }
  }

 private:
  template <typename T>
  static asio::awaitable<void> finish(asio::awaitable<Result<T>> work, std::optional<Result<T>>& result) {
    result = co_await std::move(work);
  }

  std::string command_;
  Settings settings_;
  supervision::EventLoop loop_;
  std::string host_;
  fleet::EtcdStore store_;
};

tl::expected<Settings, int> load(std::string_view command, const FleetOptions& options, std::ostream& errors) {
  auto settings = load_configuration(options.configuration, errors);
  if (!settings) {
    return tl::unexpected(kUsageError);
  }
  settings->file = options.configuration;
  // Before root is given up, so that a mistake is reported as one.
  if (!accounts_of(*settings, command, options.name, errors)) {
    return tl::unexpected(kUsageError);
  }
  if (!begin_work(command, *settings, options.configuration, errors)) {
    return tl::unexpected(kFailure);
  }
  return std::move(*settings);
}

// A command that changes one account and prints what it did.
template <typename Begin>
int change(std::string_view command, const FleetOptions& options, std::ostream& out, std::ostream& errors,
           Begin begin) {
  auto settings = load(command, options, errors);
  if (!settings) {
    return settings.error();
  }
  const auto which = account_of(*settings, command, options.name, errors);
  if (!which) {
    return kUsageError;
  }
  FleetCommand running(command, std::move(*settings));
  FleetAccount account = running.account(*which);
  auto work = begin(running, account, *which);
  if (!work) {
    running.report(work.error(), errors);
    return kFailure;
  }
  const auto done = running.run(std::move(*work), errors);
  if (!done) {
    return kFailure;
  }
  say(out, which->name, *done);
  return kSuccess;
}

asio::awaitable<Result<std::vector<fleet::View>>> read_all(std::vector<FleetAccount> accounts) {
  std::vector<fleet::View> views;
  for (auto& account : accounts) {
    CO_TRY_LET(auto view, co_await account.read());
    views.push_back(std::move(view));
  }
  co_return views;
}

// The objects that publishing needs of the certificate.
struct Publishing {
  Publishing(FleetCommand& command, const configuration::CertificateSettings& settings)
      : certificate(settings),
        filesystem(command.settings().state_directory),
        log(nullptr, clock),
        http(command.executor(), command.settings().http),
        objects(command.executor(), certificate, command.settings().http, filesystem, http, log, clock),
        renewal(objects.context(), certificate, command.settings().state_directory,
                command.settings().schedule.requests_per_day),
        local(filesystem, {command.settings().state_directory, certificate.name}) {}

  configuration::CertificateSettings certificate;
  SystemClock clock;
  PosixFilesystem filesystem;
  EventLog log;
  http::HttpsClient http;
  supervision::CertificateObjects objects;
  renewal::Renewal renewal;
  fleet::LocalRecordStore local;
};

asio::awaitable<Result<std::string>> publish_installed(FleetAccount& account, Publishing& of,
                                                       std::vector<fleet::FleetKey> keys, fleet::MemberName member) {
  if (of.renewal.recorded()) {
    co_return failure(ErrorKind::busy, "a renewal is under way on this host",
                      "wait until it has ended: the daemon publishes its result by itself");
  }
  CO_TRY_LET(auto shareable, co_await of.renewal.share());
  fleet::LocalRecord local = of.local.load();
  CO_TRY_LET(const auto header,
             co_await account.publish(std::move(keys), std::move(member), std::move(shareable), local, of.clock.now()));
  local = local.with(header.certificate.fingerprint, header.generation);
  local.highest = std::max(local.highest, header.generation);
  CO_TRY(of.local.save(local));
  co_return fmt::format("published generation {}, serial {}, valid until {}: the other hosts take it over in turn",
                        header.generation, header.certificate.serial, format_time(header.certificate.not_after));
}

}  // namespace

int fleet_key(std::ostream& out, std::ostream& errors) {
  const auto key = fleet::FleetKey::generate();
  if (!key) {
    fmt::print(errors, "fleet key: {}\n", key.error().message);
    return kFailure;
  }
  out << key->view() << '\n';
  return kSuccess;
}

int fleet_status(const FleetOptions& options, const Screen& screen, std::ostream& out, std::ostream& errors) {
  constexpr std::string_view kCommand = "fleet status";
  auto settings = load(kCommand, options, errors);
  if (!settings) {
    return settings.error();
  }
  const auto which = accounts_of(*settings, kCommand, options.name, errors);
  if (!which) {
    return kUsageError;
  }
  FleetCommand running(kCommand, std::move(*settings));
  std::vector<FleetAccount> accounts;
  for (const auto& each : *which) {
    accounts.push_back(running.account(each));
  }
  const auto views = running.run(read_all(std::move(accounts)), errors);
  if (!views) {
    return kFailure;
  }
  boost::json::array all;
  for (std::size_t i = 0; i < views->size(); ++i) {
    if (options.json) {
      all.push_back(fleet_json((*which)[i].account, (*views)[i]));
    } else {
      out << (i == 0 ? "" : "\n")
          << fleet_table((*which)[i].account, (*views)[i], running.host(), SystemClock().now(), screen);
    }
  }
  if (options.json) {
    out << json_text(boost::json::object{{"host", running.host()}, {"accounts", std::move(all)}}) << '\n';
  }
  return kSuccess;
}

int fleet_halt(const FleetOptions& options, std::ostream& out, std::ostream& errors) {
  return change("fleet halt", options, out, errors,
                [](FleetCommand& running, FleetAccount& account,
                   const FleetAccounts& which) -> Result<asio::awaitable<Result<std::string>>> {
                  return account.halt(running.host() + "/" + which.name, SystemClock().now());
                });
}

int fleet_resume(const FleetOptions& options, std::ostream& out, std::ostream& errors) {
  return change("fleet resume", options, out, errors,
                [](FleetCommand&, FleetAccount& account,
                   const FleetAccounts&) -> Result<asio::awaitable<Result<std::string>>> { return account.resume(); });
}

int fleet_reseal(const FleetOptions& options, std::ostream& out, std::ostream& errors) {
  return change("fleet reseal", options, out, errors,
                [](FleetCommand& running, FleetAccount& account,
                   const FleetAccounts&) -> Result<asio::awaitable<Result<std::string>>> {
                  TRY_LET(auto keys, read_fleet_keys(running.etcd()));
                  return account.reseal(std::move(keys));
                });
}

int fleet_publish(const FleetOptions& options, std::ostream& out, std::ostream& errors) {
  std::unique_ptr<Publishing> publishing;
  return change("fleet publish", options, out, errors,
                [&](FleetCommand& running, FleetAccount& account,
                    const FleetAccounts& which) -> Result<asio::awaitable<Result<std::string>>> {
                  TRY_LET(auto keys, read_fleet_keys(running.etcd()));
                  for (const auto& certificate : running.settings().certificates) {
                    if (certificate.name == which.name) {
                      publishing = std::make_unique<Publishing>(running, certificate);
                    }
                  }
                  return publish_installed(account, *publishing, std::move(keys), running.host() + "/" + which.name);
                });
}

}  // namespace renewd::commands
