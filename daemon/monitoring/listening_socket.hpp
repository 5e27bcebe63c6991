// The listening socket: a port, or a unix socket with its file.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "configuration/settings.hpp"
#include "core/error.hpp"

namespace renewd::monitoring {

// The file of a unix socket. Removes it at the end, unless it was replaced externally.
class SocketFile {
 public:
  SocketFile(std::filesystem::path path, dev_t device, ino_t inode)
      : path_(std::move(path)), device_(device), inode_(inode) {}
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&&) = delete;
  ~SocketFile();

  // Whether it was neither removed nor replaced.
  bool exists() const;

 private:
  std::filesystem::path path_;  // empty: moved from
  dev_t device_;
  ino_t inode_;
};

struct ListeningSocket {
  boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol> acceptor;
  std::optional<SocketFile> file = std::nullopt;
};

// A unix socket gets mode 0660, and replaces one that no process listens on. Errors (connect): the address is in use or
// does not belong to this host; the path exists or cannot be written.
Result<ListeningSocket> listen_on(const boost::asio::any_io_executor& executor,
                                  const configuration::ListenAddress& address);

// "127.0.0.1:9464", "unix:/run/metrics.sock"
std::string to_string(const configuration::ListenAddress& address);

}  // namespace renewd::monitoring
