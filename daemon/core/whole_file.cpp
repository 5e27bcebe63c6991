#include "core/whole_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "core/advice.hpp"
#include "core/descriptor.hpp"
#include "core/opening.hpp"
#include "core/try.hpp"

namespace renewd {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kSilence{1000};  // until the user is informed

tl::unexpected<Error> refused(std::string why) {
  return failure(ErrorKind::disk, std::move(why));
}

tl::unexpected<Error> refused(int error) {
  return failure(ErrorKind::disk, std::generic_category().message(error), std::string(advice_on(error)));
}

Result<void> check_kind(mode_t mode, bool takes_pipes) {
  const std::string_view kind = special_kind(mode);
  if (kind.empty() || (takes_pipes && S_ISFIFO(mode))) {
    return {};
  }
  return refused(fmt::format("it is {}, but must be a regular file{}", kind, takes_pipes ? " or a pipe" : ""));
}

// Waits until a pipe has data or its writers have closed it.
class PipeWait {
 public:
  PipeWait(const Descriptor& pipe, const PipeTimeout& timeout)
      : pipe_(pipe), timeout_(timeout), deadline_(steady_clock::now() + timeout.limit) {}

  Result<void> wait(std::size_t arrived) {
    while (true) {
      const auto left = std::max(std::chrono::ceil<milliseconds>(deadline_ - steady_clock::now()), milliseconds(0));
      const auto step = informed_ ? left : std::min(left, kSilence);
      pollfd entry{.fd = pipe_.get(), .events = POLLIN, .revents = 0};
      const int ready = ::poll(&entry, 1, static_cast<int>(step.count()));
      if (ready > 0) {
        return {};
      }
      if (ready < 0 && errno != EINTR) {
        return refused(errno);
      }
      if (left == milliseconds(0)) {
        const double seconds = std::chrono::duration<double>(timeout_.limit).count();
        return refused(arrived == 0 ? fmt::format("nothing was written to this pipe within {:.3g} s", seconds)
                                    : fmt::format("the writer did not close this pipe within {:.3g} s", seconds));
      }
      if (ready == 0 && !informed_ && timeout_.on_wait) {
        timeout_.on_wait(arrived == 0 ? "waiting for data from this pipe"
                                      : "waiting for the writer to close this pipe");
      }
      informed_ = informed_ || ready == 0;
    }
  }

 private:
  const Descriptor& pipe_;
  const PipeTimeout& timeout_;
  steady_clock::time_point deadline_;
  bool informed_ = false;
};

// Reads until the end of the file, or one byte more than `limit`. The buffer has room for the size that the file claims
// to have, and grows if it has more: most secrets are short, and it is wiped in the end.
Result<std::vector<char>> read_some(const Descriptor& file, std::size_t claimed, std::size_t limit, PipeWait* pipe) {
  constexpr std::size_t kLeast = 512;
  std::vector<char> buffer(std::min(std::max(claimed, kLeast), limit) + 1);
  std::size_t size = 0;
  while (size <= limit) {
    if (size == buffer.size()) {
      buffer.resize(std::min(2 * size, limit + 1));
    }
    // read() would report the end of a FIFO that no writer has opened yet.
    TRY(pipe != nullptr ? pipe->wait(size) : Result<void>());
    const ssize_t n = ::read(file.get(), buffer.data() + size, buffer.size() - size);
    if (n < 0 && (errno == EINTR || (pipe != nullptr && errno == EAGAIN))) {
      continue;
    }
    if (n < 0) {
      return refused(errno);
    }
    if (n == 0) {
      break;
    }
    size += static_cast<std::size_t>(n);
  }
  buffer.resize(size);
  return buffer;
}

}  // namespace

std::string_view special_kind(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "";
    case S_IFDIR:
      return "a directory";
    case S_IFIFO:
      return "a FIFO (a pipe)";
    case S_IFSOCK:
      return "a socket";
    default:
      return "a device";
  }
}

Result<Secret> read_whole(const std::filesystem::path& path, std::size_t limit, const PipeTimeout* timeout) {
  const auto opened = open_to_read(AT_FDCWD, path.c_str(), 0, timeout != nullptr ? Pipes::opened : Pipes::ignored);
  if (!opened) {
    return refused(opened.error());
  }
  const auto& [file, status] = *opened;
  TRY(check_kind(status.st_mode, timeout != nullptr));
  std::optional<PipeWait> pipe;
  if (S_ISFIFO(status.st_mode)) {
    pipe.emplace(file, *timeout);
  }
  const auto claimed = static_cast<std::size_t>(status.st_size);
  TRY_LET(const auto content, read_some(file, claimed, limit, pipe ? &*pipe : nullptr));
  if (content.size() > limit) {
    return refused(fmt::format("it is larger than {} KiB", limit / 1024));
  }
  return Secret({content.data(), content.size()});
}

}  // namespace renewd
