// What a request's Host header must say. A web page may let its own name point to 127.0.0.1 ("DNS rebinding") and so
// make the browser of whoever looks at it read what is meant for this host alone; but the browser then asks for that
// name, and for no address.
#pragma once

#include <string_view>

#include "configuration/settings.hpp"

namespace renewd::monitoring {

// Whether whoever asks for `host` ("localhost:9464") may mean this listener. On a loopback port: an address or
// localhost, with any port, since ports are forwarded. A unix socket is asked by no browser, and a port that others
// reach (`metrics.allow_remote`) by whatever name they have for this host.
bool may_mean(const configuration::ListenAddress& listener, std::string_view host);

}  // namespace renewd::monitoring
