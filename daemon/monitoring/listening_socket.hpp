// The socket that the listener accepts from: a port, or a unix socket with its file.
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

// The file of a unix socket; removed at the end, unless somebody else has put another one there.
class SocketFile {
 public:
  SocketFile(std::filesystem::path path, dev_t device, ino_t inode)
      : path_(std::move(path)), device_(device), inode_(inode) {}
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&&) = delete;
  ~SocketFile();

  // Neither removed nor replaced.
  bool is_there() const;

 private:
  std::filesystem::path path_;  // empty: moved from
  dev_t device_;
  ino_t inode_;
};

struct ListeningSocket {
  boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol> acceptor;
  std::optional<SocketFile> file = std::nullopt;
};

// A unix socket has mode 0660; one that nobody listens on is replaced. Errors, of kind connect: the address is in use,
// or not of this host; the path is taken, or cannot be written to.
Result<ListeningSocket> listen_on(const boost::asio::any_io_executor& executor,
                                  const configuration::ListenAddress& address);

// "127.0.0.1:9464", "unix:/run/metrics.sock"
std::string to_string(const configuration::ListenAddress& address);

}  // namespace renewd::monitoring
