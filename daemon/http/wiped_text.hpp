// Text that holds a secret while it is put together and sent, wiped at its end. Reserve enough first: a reallocation
// would leave a copy behind. Beyond reach: registers and stack of OpenSSL, whose buffers hold ciphertext, and what the
// kernel keeps of an exchange without TLS.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

namespace renewd::http {

class WipedText {
 public:
  explicit WipedText(std::size_t capacity) { text_.reserve(capacity); }
  WipedText(const WipedText&) = delete;
  WipedText& operator=(const WipedText&) = delete;
  // The buffer moves along; a short string would be copied, and is wiped where it was.
  WipedText(WipedText&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  WipedText& operator=(WipedText&&) = delete;
  ~WipedText() { wipe(); }

  WipedText& operator+=(std::string_view more) {
    text_ += more;
    return *this;
  }
  std::string_view view() const { return text_; }

 private:
  void wipe() {
    text_.resize(text_.capacity());
    ::explicit_bzero(text_.data(), text_.size());
    text_.clear();
  }

  std::string text_;
};

}  // namespace renewd::http
