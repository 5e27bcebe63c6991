#include "monitoring/textfile.hpp"

#include <unistd.h>

#include <utility>

#include "core/as_tuple.hpp"
#include "core/blocking.hpp"
#include "core/cancellation.hpp"

namespace renewd::monitoring {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kPause{1};
// node_exporter runs as a user of its own.
constexpr mode_t kReadableByAll = 0644;

}  // namespace

Textfile::Textfile(const asio::any_io_executor& executor, asio::thread_pool* pool, Filesystem& filesystem,
                   std::function<std::string()> contents, std::function<void(const Error&)> report)
    : pool_(pool),
      filesystem_(filesystem),
      contents_(std::move(contents)),
      report_(std::move(report)),
      wake_(executor, 1),
      pause_(executor) {}

void Textfile::move_to(const std::optional<std::filesystem::path>& path) {
  if (path_ && path_ != path) {
    // What nobody writes any more would be shown for ever.
    (void)filesystem_.remove(*path_);
  }
  path_ = path;
  failing_ = false;
  changed();
}

void Textfile::changed() {
  changed_ = true;
  wake_.try_send(boost::system::error_code());
}

asio::awaitable<void> Textfile::run() {
  bool stopping = false;
  while (!stopping) {
    if (!changed_) {
      co_await wake_.async_receive(kAsTuple);
    }
    co_await write();
    stopping = co_await stop_requested();
    if (!stopping && path_) {
      pause_.expires_after(kPause);
      co_await pause_.async_wait(kAsTuple);
      stopping = co_await stop_requested();
    }
  }
  co_await write();
}

asio::awaitable<void> Textfile::write() {
  if (!std::exchange(changed_, false) || !path_) {
    co_return;
  }
  FileAttributes attributes;
  attributes.owner = ::geteuid();
  attributes.group = ::getegid();
  attributes.mode = kReadableByAll;
  const auto path = *path_;
  const std::string contents = contents_();
  const auto written =
      co_await run_blocking(pool_, [&] { return write_durably(filesystem_, path, contents, attributes); });
  if (!written && !std::exchange(failing_, true)) {
    report_(with_context("writing metrics.textfile", written.error()));
  }
  failing_ = !written;
  if (path_ != path) {
    (void)filesystem_.remove(path);  // moved meanwhile
  }
}

}  // namespace renewd::monitoring
