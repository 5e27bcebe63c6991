# Everything comes from the distribution's packages (scripts/bootstrap); nothing is downloaded while building.

find_package(Boost 1.81 REQUIRED CONFIG)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED CONFIG)
find_package(spdlog REQUIRED CONFIG)
find_package(yaml-cpp REQUIRED CONFIG)
find_package(tl-expected REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)

# Coroutines only; the deprecated interfaces of Asio are not ours. Boost is used header-only, so that the binary
# needs no Boost at run time.
add_library(renewd_asio INTERFACE)
target_link_libraries(renewd_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(renewd_asio INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE BOOST_ALL_NO_LIB
  # Coroutine frames by operator new, whose counterpart wipes them (daemon/wiped_heap.cpp): they hold what was received.
  BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)

# RE2's archive where there is one that stands alone (newer ones need Abseil): its shared library is missing on RHEL.
find_library(RENEWD_RE2_ARCHIVE libre2.a)
mark_as_advanced(RENEWD_RE2_ARCHIVE)
add_library(renewd_re2 INTERFACE)
if(RENEWD_RE2_ARCHIVE AND NOT re2_STATIC_LIBRARIES MATCHES "absl")
  target_link_libraries(renewd_re2 INTERFACE ${RENEWD_RE2_ARCHIVE} Threads::Threads)
else()
  target_link_libraries(renewd_re2 INTERFACE PkgConfig::re2)
endif()

# yaml-cpp's archive where there is one: its shared library is missing on RHEL, too.
find_library(RENEWD_YAML_CPP_ARCHIVE libyaml-cpp.a)
mark_as_advanced(RENEWD_YAML_CPP_ARCHIVE)
add_library(renewd_yaml_cpp INTERFACE)
if(RENEWD_YAML_CPP_ARCHIVE)
  target_link_libraries(renewd_yaml_cpp INTERFACE ${RENEWD_YAML_CPP_ARCHIVE})
else()
  target_link_libraries(renewd_yaml_cpp INTERFACE yaml-cpp)
endif()

# spdlog and fmt header-only: their shared libraries are missing on RHEL.
add_library(renewd_spdlog INTERFACE)
target_link_libraries(renewd_spdlog INTERFACE fmt::fmt-header-only Threads::Threads)
target_compile_definitions(renewd_spdlog INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)

# Abseil's time zones. Its CMake targets are the shared libraries, a dozen for this one thing; the static archives beside
# them keep the binary free of them, and the shared ones do where a distribution has no archives.
pkg_check_modules(absl_time REQUIRED absl_time)
add_library(renewd_time_zones INTERFACE)
foreach(library IN LISTS absl_time_LIBRARIES)
  if(library MATCHES "^absl_")
    find_library(RENEWD_${library} NAMES lib${library}.a ${library} HINTS ${absl_time_LIBRARY_DIRS} REQUIRED)
    mark_as_advanced(RENEWD_${library})
    target_link_libraries(renewd_time_zones INTERFACE ${RENEWD_${library}})
  endif()
endforeach()
