#include "monitoring/monitoring.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "monitoring/exposition.hpp"
#include "monitoring/listening_socket.hpp"
#include "monitoring/metrics.hpp"
#include "monitoring/page.hpp"

namespace renewd::monitoring {

namespace asio = boost::asio;

namespace {

// An address may come later than the daemon (an interface, a directory of a socket, the end of whoever holds the port):
// soon after the start, and then at this pace.
constexpr std::chrono::seconds kFirstRetry{1};
constexpr std::chrono::seconds kLastRetry{60};
constexpr const char* kPlainText = "text/plain; charset=utf-8";

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

std::vector<std::string> paths_of_secrets(const configuration::Settings& settings) {
  std::vector<std::string> paths;
  for_each_secret(settings, [&paths](const SecretSource& secret, std::string_view) {
    const auto more = paths_of(secret);
    paths.insert(paths.end(), more.begin(), more.end());
  });
  // One may begin with another.
  std::sort(paths.begin(), paths.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return paths;
}

}  // namespace

Monitoring::Monitoring(const asio::any_io_executor& executor, asio::thread_pool* pool, Filesystem& filesystem,
                       const Clock& clock, EventLog& log, const renewal::Board& board,
                       std::function<std::vector<std::string>()> stuck)
    : clock_(clock),
      log_(log),
      board_(board),
      stuck_(std::move(stuck)),
      counters_(std::make_shared<Counters>()),
      listener_(executor, [this](std::string_view path) { return answer(path); }),
      textfile_(
          executor, pool, filesystem, [this] { return exposed(); },
          [this](const std::filesystem::path& file, const Result<void>& written) {
            tell({"textfile", file.string()}, written, "it is tried again at each change");
          }),
      retry_(executor) {
  // Perhaps on another thread than the loop's.
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
    open_listener(Telling::failure_too);
  }
}

void Monitoring::close() {
  wanted_.reset();  // a retry that is due at this moment finds nothing to open
  retry_.cancel();
  listener_.close();
}

// A listener that is where it should be is left alone: a reload interrupts nobody.
void Monitoring::listen(const std::optional<configuration::ListenAddress>& address) {
  const bool moves = !address || !wanted_ || to_string(*address) != to_string(*wanted_);
  if (!moves && !listen_failed_ && !listener_.is_lost()) {
    return;
  }
  retry_.cancel();
  listener_.close();
  wanted_ = address;
  next_retry_ = kFirstRetry;
  if (address) {
    open_listener(Telling::failure_too);
  } else {
    listen_failed_ = false;
  }
}

void Monitoring::open_listener(Telling telling) {
  const auto opened = listener_.open(*wanted_);
  if (opened ? listen_failed_ : telling == Telling::failure_too) {
    tell({"listen", to_string(*wanted_)}, opened, "renewals go on without it; retrying, once a minute at least");
  }
  listen_failed_ = !opened;
  if (opened) {
    next_retry_ = kFirstRetry;
    return;
  }
  retry_.expires_after(next_retry_);
  next_retry_ = std::min(next_retry_ * 2, kLastRetry);
  retry_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled && wanted_) {
      open_listener(Telling::recovery_only);
    }
  });
}

// That something cannot be used, or that it can again.
void Monitoring::tell(const Place& place, const Result<void>& used, std::string_view then) const {
  Fields fields{{"what", place.what}, {"where", place.where}};
  if (used) {
    log_.event(Level::info, EventName::monitoring_unavailable, "",
               fmt::format("metrics.{} works again: {}", place.what, place.where), fields);
    return;
  }
  fields.emplace_back("error", used.error().message);
  log_.event(EventName::monitoring_unavailable, "", fmt::format("{}; {}", used.error().message, then), fields);
}

Answer Monitoring::answer(std::string_view path) const {
  if (path == "/metrics") {
    return {200, std::string(kExpositionType), exposed()};
  }
  if (path == "/healthz") {
    return health();
  }
  if (path == "/readyz") {
    return readiness();
  }
  if (path == "/") {
    return {200, "text/html; charset=utf-8",
            page({names_, board_.standings(), clock_.now(), hidden_, !counters_->last_reload_successful()})};
  }
  return {404, kPlainText, "there are /, /metrics, /healthz and /readyz\n"};
}

std::string Monitoring::exposed() const {
  return exposition(metrics(names_, board_.standings(), *counters_));
}

Answer Monitoring::health() const {
  const auto stuck = stuck_();
  return stuck.empty() ? Answer{200, kPlainText, "well\n"} : Answer{503, kPlainText, "stuck: " + list(stuck) + "\n"};
}

Answer Monitoring::readiness() const {
  std::vector<std::string> unseen;
  std::copy_if(names_.begin(), names_.end(), std::back_inserter(unseen),
               [this](const auto& name) { return !board_.standings().contains(name); });
  return unseen.empty() ? Answer{200, kPlainText, "ready\n"}
                        : Answer{503, kPlainText, "not looked at yet: " + list(unseen) + "\n"};
}

}  // namespace renewd::monitoring
