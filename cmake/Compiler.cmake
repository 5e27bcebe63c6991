# The options of every translation unit. Nothing here is global: a target gets them by linking renewd::options.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles valid coroutines (temporaries in a statement with co_await are "
    "destroyed twice). Use clang 19 (the presets do) or g++ 13 and later. See docs/decisions/0001-clang.md.")
endif()

option(RENEWD_WERROR "Treat warnings as errors (the presets turn this on)" OFF)
option(RENEWD_HARDENING "Compile with the hardening flags of a distribution package" OFF)
set(RENEWD_SANITIZERS "" CACHE STRING "Sanitizers, as the argument of -fsanitize=")

add_library(renewd_options INTERFACE)
add_library(renewd::options ALIAS renewd_options)
target_compile_features(renewd_options INTERFACE cxx_std_20)
target_include_directories(renewd_options INTERFACE ${PROJECT_SOURCE_DIR}/daemon)

target_compile_options(renewd_options INTERFACE
  -Wall -Wextra -Wpedantic # the base every reader expects
  -Wshadow                 # an inner name that hides an outer one has cost a day before
  -Wconversion             # sizes and times shrink silently otherwise
  -Wsign-conversion        # a negative return of a C function must not become a huge size
  -Wnon-virtual-dtor       # interfaces are deleted through their base
  -Woverloaded-virtual     # a fake that stops overriding would test nothing
  -Wold-style-cast         # a C cast hides which of four conversions is meant
  -Wcast-align             # raw bytes of keystores are parsed, not reinterpreted
  -Wnull-dereference       # OpenSSL returns null for a failure
  -Wimplicit-fallthrough   # a switch over an error kind handles each by name
  -Wswitch-enum            # a new error kind must be decided about everywhere
  -Wformat=2)              # format strings are literals
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(renewd_options INTERFACE
    -Wthread-safety        # the little that is shared between threads is annotated
    -Wno-missing-designated-field-initializers) # leaving a field at its default is the point of designated initializers
endif()
if(RENEWD_WERROR)
  target_compile_options(renewd_options INTERFACE -Werror)
endif()

if(RENEWD_SANITIZERS)
  target_compile_options(renewd_options INTERFACE
    -fsanitize=${RENEWD_SANITIZERS} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(renewd_options INTERFACE -fsanitize=${RENEWD_SANITIZERS})
endif()

if(RENEWD_HARDENING)
  # Level 3 also bounds buffers whose size is known only at run time. No binary shows its level, so it is checked here
  # whether the C library reaches it.
  include(CheckCXXSourceCompiles)
  set(RENEWD_FORTIFY -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  list(JOIN RENEWD_FORTIFY " " CMAKE_REQUIRED_FLAGS)
  string(PREPEND CMAKE_REQUIRED_FLAGS "-O2 ")
  check_cxx_source_compiles("
    #include <cstdio>
    #if !defined(__USE_FORTIFY_LEVEL) || __USE_FORTIFY_LEVEL < 3
    #error the level is not reached
    #endif
    int main() {}" RENEWD_FORTIFIES)
  unset(CMAKE_REQUIRED_FLAGS)
  if(NOT RENEWD_FORTIFIES)
    message(FATAL_ERROR "This compiler or C library does not know -D_FORTIFY_SOURCE=3.")
  endif()
  target_compile_options(renewd_options INTERFACE
    -fstack-protector-strong -fstack-clash-protection ${RENEWD_FORTIFY}
    # The same program from any build directory: it contains no path of the build machine. The later of two maps wins.
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -ffile-prefix-map=${PROJECT_BINARY_DIR}=./build)
  target_link_options(renewd_options INTERFACE LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack
    # The build id is a hash that includes the symbol table, where the linker writes the paths of the sources.
    LINKER:--build-id=none)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    # A linker marks a program for the shadow stack only where every object is, which the distribution's archives (RE2,
    # yaml-cpp, Abseil) are not. They switch no stacks, so any code of theirs may run under it: the mark is forced. The
    # one for indirect branches (IBT) is not: their functions do not begin with endbr64, and Linux does not check it in
    # programs.
    target_compile_options(renewd_options INTERFACE -fcf-protection=return)
    target_link_options(renewd_options INTERFACE LINKER:-z,shstk)
  endif()
endif()
