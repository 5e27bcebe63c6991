#include "monitoring/listening_socket.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <fmt/format.h>

#include "core/descriptor.hpp"
#include "core/opening.hpp"
#include "core/trusted_path.hpp"
#include "core/try.hpp"

namespace renewd::monitoring {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::generic::stream_protocol;

namespace {

constexpr mode_t kSocketMode = 0660;
constexpr int kBacklog = 64;

tl::unexpected<Error> not_listening(const configuration::ListenAddress& address, const std::string& why) {
  return failure(ErrorKind::connect, fmt::format("listening on {}: {}", to_string(address), why));
}

Result<stream_protocol::endpoint> endpoint_of(const configuration::ListenAddress& address) {
  if (const auto* path = std::get_if<fs::path>(&address)) {
    return stream_protocol::endpoint(asio::local::stream_protocol::endpoint(path->string()));
  }
  const auto& [host, port] = std::get<configuration::TcpAddress>(address);
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(host, error);
  if (error) {
    return not_listening(address, error.message());
  }
  return stream_protocol::endpoint(asio::ip::tcp::endpoint(parsed, port));
}

// As for every other file that root makes.
Result<void> check_place(const configuration::ListenAddress& address, const fs::path& path) {
  if (::geteuid() != 0) {
    return {};
  }
  const auto changed = changed_by_others(path.parent_path(), 0);  // bind() reports what prevents this check
  return !changed || changed->empty()
             ? Result<void>()
             : not_listening(address, "root does not write where other users can: " + *changed);
}

// Removes the socket of a daemon that was killed, but no socket in use and no other file.
Result<void> remove_stale_socket(const asio::any_io_executor& executor, const configuration::ListenAddress& address,
                                 const fs::path& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) {
    return {};  // missing; if it is only inaccessible, bind() reports why
  }
  if (!S_ISSOCK(found.st_mode)) {
    return not_listening(address, "the path exists and is not a socket");
  }
  asio::local::stream_protocol::socket probe(executor);
  boost::system::error_code error;
  probe.open(asio::local::stream_protocol(), error);
  probe.non_blocking(true, error);
  probe.connect(asio::local::stream_protocol::endpoint(path.string()), error);
  if (error != asio::error::connection_refused) {
    return not_listening(address, "another process listens there");
  }
  ::unlink(path.c_str());
  return {};
}

// Whoever can write to the directory can replace the socket by a link, even to a directory of root.
Result<SocketFile> set_mode(const configuration::ListenAddress& address, const fs::path& path) {
  const Descriptor made(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (!made || ::fstat(made.get(), &status) != 0) {
    return not_listening(address, std::system_category().message(errno));
  }
  if (!S_ISSOCK(status.st_mode) || status.st_uid != ::geteuid()) {
    return not_listening(address, "somebody else has replaced the socket");
  }
  SocketFile file(path, status.st_dev, status.st_ino);
  if (::chmod(path_of(made).c_str(), kSocketMode) != 0) {
    return not_listening(address, std::system_category().message(errno));
  }
  return file;
}

}  // namespace

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

bool SocketFile::exists() const {
  struct stat found{};
  return !path_.empty() && ::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_;
}

SocketFile::~SocketFile() {
  if (exists()) {
    ::unlink(path_.c_str());
  }
}

Result<ListeningSocket> listen_on(const asio::any_io_executor& executor, const configuration::ListenAddress& address) {
  TRY_LET(const auto endpoint, endpoint_of(address));
  const auto* const path = std::get_if<fs::path>(&address);
  if (path != nullptr) {
    TRY(check_place(address, *path));
    TRY(remove_stale_socket(executor, address, *path));
  }
  ListeningSocket socket{asio::basic_socket_acceptor<stream_protocol>(executor)};
  boost::system::error_code error;
  socket.acceptor.open(endpoint.protocol(), error);
  if (!error && path == nullptr) {
    // Connections of the previous daemon may linger.
    socket.acceptor.set_option(asio::socket_base::reuse_address(true), error);
  }
  if (!error) {
    socket.acceptor.bind(endpoint, error);
  }
  if (!error && path != nullptr) {
    // Sets the mode before listen(), so that nobody can connect earlier.
    TRY_LET(auto file, set_mode(address, *path));
    socket.file.emplace(std::move(file));
  }
  if (!error) {
    socket.acceptor.listen(kBacklog, error);
  }
  if (error) {
    return not_listening(address, error.message());
  }
  return socket;
}

std::string to_string(const configuration::ListenAddress& address) {
  if (const auto* path = std::get_if<fs::path>(&address)) {
    return "unix:" + path->string();
  }
  const auto& [host, port] = std::get<configuration::TcpAddress>(address);
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace renewd::monitoring
