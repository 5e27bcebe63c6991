# Everything comes from the distribution's packages (scripts/bootstrap); nothing is downloaded while building.

find_package(Boost 1.81 REQUIRED CONFIG)
find_package(OpenSSL 3.0 REQUIRED)
find_package(fmt REQUIRED CONFIG)
find_package(spdlog REQUIRED CONFIG)
find_package(yaml-cpp REQUIRED CONFIG)
find_package(tl-expected REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)

# Coroutines only; the deprecated interfaces of Asio are not ours. Boost is used header-only, so that the binary
# needs no Boost at run time.
add_library(renewd_asio INTERFACE)
target_link_libraries(renewd_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(renewd_asio INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE BOOST_ALL_NO_LIB)

# spdlog and fmt header-only: their shared libraries are missing on RHEL.
add_library(renewd_spdlog INTERFACE)
target_link_libraries(renewd_spdlog INTERFACE fmt::fmt-header-only Threads::Threads)
target_compile_definitions(renewd_spdlog INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
