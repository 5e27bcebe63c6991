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
// node_exporter runs as another user.
constexpr mode_t kReadableByAll = 0644;

}  // namespace

Textfile::Textfile(const asio::any_io_executor& executor, asio::thread_pool* pool, Filesystem& filesystem,
                   std::function<std::string()> contents,
                   std::function<void(const std::filesystem::path&, const Result<void>&)> report)
    : pool_(pool),
      filesystem_(filesystem),
      contents_(std::move(contents)),
      report_(std::move(report)),
      wake_(executor, 1),
      pause_(executor) {}

void Textfile::move_to(const std::optional<std::filesystem::path>& path) {
  if (path_ && path_ != path) {
    // The collector would show the old values for ever.
    (void)filesystem_.remove(*path_);
  }
  path_ = path;
  if (!path_) {
    failing_.reset();
  }
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
  const Result<void> written = co_await run_blocking(pool_, [&]() -> Result<void> {
    return write_atomically(filesystem_, path, contents, attributes, Durability::process).map_error([](Error error) {
      return with_context("writing metrics.textfile", std::move(error));
    });
  });
  if (path_ != path) {
    (void)filesystem_.remove(path);  // moved meanwhile
    co_return;
  }
  const bool is_new = written ? failing_.has_value() : failing_ != path;
  failing_ = written ? std::nullopt : std::optional(path);
  if (is_new) {
    report_(path, written);
  }
}

}  // namespace renewd::monitoring
