// The server's own certificate, right or wrong.
#pragma once

#include <filesystem>

#include <boost/asio/ssl/context.hpp>

#include "faults.hpp"

namespace renewd::simulator {

struct TlsContexts {
  boost::asio::ssl::context good;
  boost::asio::ssl::context faulty;  // shows a fault about certificates or TLS versions; `good` without one
};

// Makes an authority and certificates for the loopback addresses and "localhost", and writes ca.pem, server.pem and
// server.key (the good ones).
TlsContexts make_tls_contexts(const std::filesystem::path& directory, Fault fault);

}  // namespace renewd::simulator
