// Keystores as openssl and the JDK's keytool see them: nothing here goes through the daemon's own code.
#pragma once

#include <filesystem>
#include <string>

namespace renewd::testing {

// The certificate of a PKCS#12, PEM or DER file (or the first one of a PKCS#7 bundle), as PEM.
std::string certificate_of(const std::filesystem::path& file, const std::string& password);
// As `openssl x509 -serial` prints it: upper-case hexadecimal.
std::string serial_of(const std::string& certificate_pem);
// Whether the private key of a PKCS#12 or PEM file belongs to its certificate.
bool key_matches(const std::filesystem::path& file, const std::string& password);
// What `keytool -list` prints, which fails for a file that the JDK cannot open.
std::string keytool_list(const std::filesystem::path& file, const std::string& password);
// Copies a PKCS#12 file into a JKS one.
void convert_to_jks(const std::filesystem::path& pkcs12, const std::filesystem::path& jks, const std::string& password);

}  // namespace renewd::testing
