// Answers as the bytes of HTTP/1.1. Written by hand, since some of them are meant to be wrong.
#pragma once

#include <cstddef>
#include <string>

#include "endpoint.hpp"

namespace renewd::simulator {

// Status line and headers, with Date and the body's true length, or another one.
std::string head_text(const Response& response);
std::string head_text(const Response& response, std::size_t length);
// The same in HTTP/1.0, without a length.
std::string head_text_of_http10(const Response& response);
// The beginning of an answer in chunks, and a chunk: without text, the last one.
std::string chunked_head_text();
std::string chunk_text(const std::string& text);
// A response that is not the last one (RFC 8297).
std::string interim_text();

}  // namespace renewd::simulator
