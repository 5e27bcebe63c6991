#include "http/content_coding.hpp"

#include <zlib.h>

#include <memory>
#include <new>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::http {
namespace {

constexpr std::size_t kCodingLimit = 5;  // as in curl
// windowBits for inflateInit2(): the format and the largest window.
constexpr int kZlibOrGzip = 15 + 32;
constexpr int kRawDeflate = -15;

// The C++ heap is wiped when memory is freed: the window holds decoded data, perhaps a key.
void* allocate(void* /*unused*/, unsigned items, unsigned size) {
  return ::operator new(std::size_t{items} * size, std::nothrow);
}
void release(void* /*unused*/, void* memory) {
  ::operator delete(memory);
}

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

Result<std::string> inflate_all(std::string& coded, int format) {
  z_stream stream{};
  stream.zalloc = allocate;
  stream.zfree = release;
  stream.next_in = reinterpret_cast<Bytef*>(coded.data());
  stream.avail_in = static_cast<uInt>(coded.size());
  if (inflateInit2(&stream, format) != Z_OK) {
    return failure(ErrorKind::bad_answer, "zlib failed to start");
  }
  const std::unique_ptr<z_stream, EndInflate> guard(&stream);
  // No buffer on the stack, which would not be wiped.
  constexpr std::size_t kStep = std::size_t{16} * 1024;
  std::string plain;
  for (;;) {
    const std::size_t before = plain.size();
    plain.resize(before + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(plain.data() + before);
    stream.avail_out = static_cast<uInt>(kStep);
    const int state = inflate(&stream, Z_NO_FLUSH);
    plain.resize(plain.size() - stream.avail_out);
    if (plain.size() > kBodyLimit) {
      return body_too_large();
    }
    if (state == Z_STREAM_END) {
      // Another gzip member may follow (RFC 1952, 2.2); anything else is padding.
      const bool more =
          format == kZlibOrGzip && stream.avail_in > 1 && stream.next_in[0] == 0x1f && stream.next_in[1] == 0x8b;
      if (!more) {
        return plain;
      }
      inflateReset(&stream);
    } else if (state != Z_OK) {
      const char* const why = state == Z_BUF_ERROR ? "it ends too early" : stream.msg;
      return failure(ErrorKind::bad_answer, why == nullptr ? "zlib cannot read it" : why);
    }
  }
}

bool begins_like_gzip_or_zlib(std::string_view bytes) {
  if (bytes.size() < 2) {
    return false;
  }
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  const bool zlib = (first & 0x0fU) == Z_DEFLATED && (first * 256U + second) % 31U == 0;  // RFC 1950, 2.2
  return zlib || (first == 0x1f && second == 0x8b);
}

Result<std::string> decode(const std::string& coding, std::string coded) {
  const bool gzip = coding == "gzip" || coding == "x-gzip";
  if (!gzip && coding != "deflate") {
    return failure(ErrorKind::bad_answer, fmt::format("its content coding {} is not supported", printable(coding, 40)));
  }
  const bool wrapped = begins_like_gzip_or_zlib(coded);
  if (gzip && !wrapped) {
    return coded;  // not compressed despite its header
  }
  auto plain = inflate_all(coded, wrapped ? kZlibOrGzip : kRawDeflate);
  if (!plain && !plain.error().reason) {
    return failure(ErrorKind::bad_answer,
                   fmt::format("its content coding {} is damaged: {}", coding, plain.error().message));
  }
  return plain;
}

}  // namespace

Result<void> decode_body(HttpResponse& response, const std::vector<std::string>& codings) {
  if (response.body.empty()) {
    return {};
  }
  if (codings.size() > kCodingLimit) {
    response.undecoded = fmt::format("it has {} content codings, more than {}", codings.size(), kCodingLimit);
    return {};
  }
  std::string body = response.body;
  for (auto coding = codings.rbegin(); coding != codings.rend(); ++coding) {
    auto plain = decode(*coding, std::move(body));
    if (!plain && plain.error().reason) {
      return tl::unexpected(std::move(plain.error()));
    }
    if (!plain) {
      response.undecoded = std::move(plain.error().message);
      return {};
    }
    body = std::move(*plain);
  }
  response.body = std::move(body);
  return {};
}

}  // namespace renewd::http
