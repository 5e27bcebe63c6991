// A file descriptor that is closed with its owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace renewd {

class Descriptor {
 public:
  Descriptor() = default;
  // Takes `fd` over; a negative one is none, as open(2) returns it for an error.
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
  // Somebody else closes it from here on.
  int release() { return std::exchange(fd_, -1); }
  // Closes now, because the last error of a write may come with close (close(2)).
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_ = -1;
};

}  // namespace renewd
