// Every byte that C++ code gives back to the heap is wiped first. A key passes through many strings on its way from the
// cloud to the keystore (the response, its JSON, the decoded text, what is read back from the disk), each with
// reallocations that leave copies behind: here they all end. What OpenSSL frees is wiped likewise
// (certificate/openssl). Part of the binary itself and not of a library: replacing what frees memory is for a program
// to decide.
#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace {

void* allocate(std::size_t size) {
  while (true) {
    if (void* const memory = std::malloc(size == 0 ? 1 : size)) {
      return memory;
    }
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) {
      throw std::bad_alloc();
    }
    handler();
  }
}

// Not inlined: where the compiler knows how much was asked for, wiping what malloc(3) has added to it would be taken
// for an overrun (_FORTIFY_SOURCE).
[[gnu::noinline]] void wipe_and_free(void* memory) noexcept {
  if (memory != nullptr) {
    ::explicit_bzero(memory, ::malloc_usable_size(memory));
    std::free(memory);
  }
}

}  // namespace

// All but those for over-aligned types, since no text is one: a sanitizer wants what one form allocates to be freed by
// its own.
void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new[](std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept {
  wipe_and_free(memory);
}
void operator delete[](void* memory) noexcept {
  wipe_and_free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  wipe_and_free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  wipe_and_free(memory);
}
void operator delete(void* memory, const std::nothrow_t& /*tag*/) noexcept {
  wipe_and_free(memory);
}
void operator delete[](void* memory, const std::nothrow_t& /*tag*/) noexcept {
  wipe_and_free(memory);
}
