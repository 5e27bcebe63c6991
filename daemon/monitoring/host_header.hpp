// Checks the Host header of a request. A foreign web page can point its own name at 127.0.0.1 ("DNS rebinding") and
// make a browser on this host read the monitoring pages; but the browser then sends that name, not an address.
#pragma once

#include <string_view>

#include "configuration/settings.hpp"

namespace renewd::monitoring {

// Whether a request for `host` ("localhost:9464") is accepted. On a loopback port the host must be an address or
// localhost; the port does not matter, because it may be forwarded. A unix socket, which no browser uses, and a port
// that other hosts reach (`metrics.allow_remote`) accept any name.
bool accepts_host(const configuration::ListenAddress& listener, std::string_view host);

}  // namespace renewd::monitoring
