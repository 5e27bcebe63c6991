// Reads files with certificate authorities: http.ca_file and keystore.ca_file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "certificate/certificate.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"

namespace renewd::certificate {

// Whose certificate the authorities must have issued: the cloud's, or ours.
enum class Peer { server, client };

// Several times the size of a distribution's bundle.
inline constexpr std::size_t kCaFileLimit = std::size_t{1024} * 1024;

// The certificates in `file` (read_bundle() in keystore.hpp) that its trust settings do not exclude for `peer`; at
// least one. Each is trusted on its own, even an intermediate without its root (X509_V_FLAG_PARTIAL_CHAIN). Error kind:
// disk.
Result<std::vector<Certificate>> read_ca_file(const Filesystem& filesystem, const std::filesystem::path& file,
                                              Peer peer);

}  // namespace renewd::certificate
