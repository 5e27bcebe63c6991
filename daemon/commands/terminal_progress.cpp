#include "commands/terminal_progress.hpp"

#include <unistd.h>

#include <iostream>
#include <map>
#include <utility>

#include "commands/screen.hpp"
#include "commands/service_user.hpp"
#include "commands/terminal_log.hpp"
#include "core/as_tuple.hpp"
#include "core/cancellation.hpp"
#include "service/event_output.hpp"
#include "service/journal.hpp"

namespace renewd::commands {
namespace {

namespace asio = boost::asio;

std::shared_ptr<EventSink> log_output(const configuration::LogSettings& settings, const Screen& screen) {
  if (settings.format == LogFormat::json) {
    return service::event_output(settings);
  }
  return std::make_shared<TerminalLog>(settings.level, screen);
}

std::shared_ptr<Progress> progress_on_terminal(const configuration::Settings& settings) {
  const Screen screen = screen_of(STDERR_FILENO);
  if (!screen.terminal) {
    return nullptr;
  }
  std::map<std::string, StepLimits> limits;
  for (const auto& certificate : settings.certificates) {
    limits.emplace(certificate.name, step_limits(certificate, settings.http));
  }
  return std::make_shared<Progress>(log_output(settings.log, screen), std::cerr, screen.width, std::move(limits));
}

}  // namespace

std::shared_ptr<service::JournalRelay> start_journal(const std::string& command,
                                                     const std::filesystem::path& configuration) {
  return service::standard_error_is_the_journal() || !is_configuration_of_service(configuration)
             ? nullptr
             : service::JournalRelay::start(command);
}

TerminalProgress::TerminalProgress(supervision::EventLoop& loop, const configuration::Settings& settings)
    : loop_(loop),
      progress_(progress_on_terminal(settings)),
      output_(std::make_shared<LogQueue>(progress_ ? progress_ : service::event_output(settings.log))),
      ticker_(loop.executor()) {}

void TerminalProgress::start(asio::awaitable<void> work) {
  loop_.start(run(std::move(work)));
  if (progress_) {
    loop_.start(draw());
  }
}

void TerminalProgress::begin_activation(const std::string& certificate, std::string_view keystore) {
  if (progress_) {
    output_->post([progress = progress_, certificate, keystore = std::string(keystore)] {
      progress->begin_activation(certificate, keystore);
    });
  }
}

void TerminalProgress::end(std::chrono::milliseconds at_most) {
  if (progress_) {
    output_->post([progress = progress_] { progress->end(); });
  }
  output_->flush(at_most);
}

asio::awaitable<void> TerminalProgress::run(asio::awaitable<void> work) {
  co_await std::move(work);
  over_ = true;
  ticker_.cancel();
  end();
}

asio::awaitable<void> TerminalProgress::draw() {
  while (!over_) {
    ticker_.expires_after(std::chrono::seconds(1));
    co_await ticker_.async_wait(kAsTuple);
    const bool stopping = co_await stop_requested();
    if (stopping) {
      co_return;
    }
    output_->post_if_idle([progress = progress_] { progress->draw(); });
  }
}

}  // namespace renewd::commands
