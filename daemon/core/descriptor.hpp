// Owns a file descriptor and closes it.
#pragma once

#include <unistd.h>

#include <utility>

namespace renewd {

class Descriptor {
 public:
  Descriptor() = default;
  // Takes ownership. A negative `fd`, the error value of open(2), means no descriptor.
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // The caller must close it.
  int release() { return std::exchange(fd_, -1); }
  // Returns the result of close(2), which may report the last write error.
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_ = -1;
};

}  // namespace renewd
