// The server's own certificate, right or wrong.
#pragma once

#include <filesystem>

#include <boost/asio/ssl/context.hpp>

#include "faults.hpp"

namespace renewd::simulator {

// Makes an authority and a certificate for the loopback addresses and "localhost", and writes ca.pem, server.pem and
// server.key. A fault about certificates or TLS versions shows in the context that is returned.
boost::asio::ssl::context make_tls_context(const std::filesystem::path& directory, Fault fault);

}  // namespace renewd::simulator
