// The one reader of files with certificate authorities: http.ca_file and keystore.ca_file, for whoever trusts them and
// whoever checks that they can be.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "certificate/certificate.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"

namespace renewd::certificate {

// Whose certificates the authorities are to vouch for: the cloud's, or ours.
enum class Peer { server, client };

// Several times what a distribution trusts.
inline constexpr std::size_t kCaFileLimit = std::size_t{1024} * 1024;

// The certificates in `file` (keystore.hpp, read_bundle()) that its trust settings do not exclude for `peer`; at least
// one. Each is trusted as it is, an intermediate without its root as well (X509_V_FLAG_PARTIAL_CHAIN). Error kind:
// disk.
Result<std::vector<Certificate>> read_ca_file(const Filesystem& filesystem, const std::filesystem::path& file,
                                              Peer peer);

}  // namespace renewd::certificate
