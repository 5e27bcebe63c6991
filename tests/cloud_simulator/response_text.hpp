// Answers as the bytes of HTTP/1.1. Written by hand, since some of them are meant to be wrong.
#pragma once

#include <string>

#include "endpoint.hpp"

namespace renewd::simulator {

// Status line and headers, with Date and the body's true length.
std::string head_text(const Response& response);
// The beginning of an answer in chunks, and one chunk of it.
std::string chunked_head_text();
std::string chunk_text();

}  // namespace renewd::simulator
