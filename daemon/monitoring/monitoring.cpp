#include "monitoring/monitoring.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.hpp"
#include "monitoring/exposition.hpp"
#include "monitoring/listening_socket.hpp"
#include "monitoring/metrics.hpp"
#include "monitoring/page.hpp"
#include "monitoring/page_text.hpp"
#include "report/assessment.hpp"

namespace renewd::monitoring {

namespace asio = boost::asio;

namespace {

// Bounds of the delay between attempts to listen: an interface, a directory or a port may become available later.
constexpr std::chrono::seconds kFirstRetry{1};
constexpr std::chrono::seconds kLastRetry{60};
constexpr std::size_t kLongestReason = 1000;
constexpr const char* kPlainText = "text/plain; charset=utf-8";

std::vector<std::string> paths_of_secrets(const configuration::Settings& settings) {
  std::vector<std::string> paths;
  for_each_secret(settings, [&paths](const SecretSource& secret, std::string_view) {
    const auto more = paths_of(secret);
    paths.insert(paths.end(), more.begin(), more.end());
  });
  // The longest first, because one may be a prefix of another.
  std::sort(paths.begin(), paths.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return paths;
}

std::string host_name() {
  std::array<char, 256> name{};
  (void)::gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace

Monitoring::Monitoring(const asio::any_io_executor& executor, asio::thread_pool* pool, Filesystem& filesystem,
                       const Clock& clock, EventLog& log, const report::StatusBoard& board,
                       std::function<std::vector<std::string>()> stuck)
    : clock_(clock),
      log_(log),
      board_(board),
      stuck_(std::move(stuck)),
      counters_(std::make_shared<Counters>()),
      listener_(executor, [this](std::string_view path) { return respond(path); }),
      textfile_(
          executor, pool, filesystem, [this] { return metrics_text(); },
          [this](const std::filesystem::path& file, const Result<void>& written) {
            report("textfile", file.string(), written, "retrying at each change");
          }),
      retry_(executor) {
  // The callback may run on another thread.
  counters_->on_change([this, executor] { asio::post(executor, [this] { changed(); }); });
  log_.add_observer(counters_);
}

void Monitoring::configure(const configuration::Settings& settings) {
  names_.clear();
  for (const auto& certificate : settings.certificates) {
    names_.push_back(certificate.name);
  }
  std::sort(names_.begin(), names_.end());
  hidden_ = paths_of_secrets(settings);
  listen(settings.metrics.listen);
  textfile_.move_to(settings.metrics.textfile);
}

void Monitoring::changed() {
  textfile_.changed();
  if (listener_.is_lost()) {
    open_listener(Retry::no);
  }
}

void Monitoring::close() {
  wanted_.reset();  // for a retry that is due already
  retry_.cancel();
  listener_.close();
}

// Keeps a listener whose address has not changed: a reload interrupts no client.
void Monitoring::listen(const std::optional<configuration::ListenAddress>& address) {
  const bool moves = !address || !wanted_ || to_string(*address) != to_string(*wanted_);
  if (!moves && !listen_failed_ && !listener_.is_lost()) {
    return;
  }
  retry_.cancel();
  listener_.close();
  wanted_ = address;
  retry_delay_ = kFirstRetry;
  if (address) {
    open_listener(Retry::no);
  } else {
    listen_failed_ = false;
  }
}

void Monitoring::open_listener(Retry retry) {
  const auto opened = listener_.open(*wanted_);
  if (opened ? listen_failed_ : retry == Retry::no) {
    report("listen", to_string(*wanted_), opened, "renewals continue; retrying at least once a minute");
  }
  listen_failed_ = !opened;
  if (opened) {
    retry_delay_ = kFirstRetry;
    return;
  }
  retry_.expires_after(retry_delay_);
  retry_delay_ = std::min(retry_delay_ * 2, kLastRetry);
  retry_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled && wanted_) {
      open_listener(Retry::yes);
    }
  });
}

void Monitoring::report(const std::string& what, const std::string& where, const Result<void>& used,
                        std::string_view consequence) const {
  Fields fields{{"what", what}, {"where", where}};
  if (used) {
    log_.event(Level::info, EventName::monitoring_unavailable, "",
               fmt::format("metrics.{} works again: {}", what, where), fields);
    return;
  }
  fields.emplace_back("error", used.error().message);
  log_.event(EventName::monitoring_unavailable, "", fmt::format("{}; {}", used.error().message, consequence), fields);
}

Response Monitoring::respond(std::string_view path) const {
  if (path == "/metrics") {
    return {200, std::string(kExpositionType), metrics_text()};
  }
  if (path == "/healthz") {
    return health();
  }
  if (path == "/readyz") {
    return readiness();
  }
  if (path == "/") {
    return {200, "text/html; charset=utf-8",
            page({.names = names_,
                  .standings = board_.standings(),
                  .now = clock_.now(),
                  .hidden = hidden_,
                  .configuration_refused = !counters_->last_reload_successful(),
                  .stuck = stuck_(),
                  .host = host_name()})};
  }
  return {404, kPlainText, "not found; there are /, /metrics, /healthz and /readyz\n"};
}

std::string Monitoring::metrics_text() const {
  return exposition(metrics(names_, board_.standings(), *counters_, clock_.now()));
}

Response Monitoring::health() const {
  const auto stuck = stuck_();
  std::string body = stuck.empty() ? "ok\n" : fmt::format("stuck: {}\n", fmt::join(stuck, ", "));
  for (const auto& assessed : assess_all(board_.standings(), clock_.now())) {
    if (assessed.assessment.severity() != report::Severity::ok) {
      body += fmt::format("{} {}: {}\n", to_string(assessed.assessment.severity()), assessed.standing->name,
                          printable(without_secrets(assessed.assessment.message(), hidden_), kLongestReason));
    }
  }
  // A restart helps a daemon that is stuck; it does not help a certificate.
  return {stuck.empty() ? 200U : 503U, kPlainText, std::move(body)};
}

Response Monitoring::readiness() const {
  std::vector<std::string> unchecked;
  std::copy_if(names_.begin(), names_.end(), std::back_inserter(unchecked),
               [this](const auto& name) { return !board_.standings().contains(name); });
  return unchecked.empty()
             ? Response{200, kPlainText, "ready\n"}
             : Response{503, kPlainText, fmt::format("not checked yet: {}\n", fmt::join(unchecked, ", "))};
}

}  // namespace renewd::monitoring
