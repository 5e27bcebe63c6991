// Keystores of every format, created by openssl and keytool on first use, deleted when the process ends.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "certificate/keystore.hpp"
#include "core/secret.hpp"

namespace renewd::testing {

// The password of every encrypted fixture.
inline constexpr std::string_view kPassword = "changeit";
// The common name of every end-entity certificate.
inline constexpr std::string_view kAccount = "7b6f41d3-7118-41e9-af41-d3711801e973";

inline Secret password() {
  return Secret(kPassword);
}

// The path of a fixture:
//   leaf.pem leaf.key intermediate.pem root.pem   an RSA certificate, its key as unencrypted PKCS#8, and the
//                      issuers above it
//   modern.p12 old.p12 store.jks   by keytool, self-signed, alias cockpit-client; old.p12 as JDK 8 wrote it (RC2-40)
//   chain.p12          by openssl, alias cockpit-client, with the whole chain
//   unnamed.p12        by openssl, without -name
//   openssl-legacy.p12 by openssl -legacy
//   bare.p12           neither MAC nor encryption
//   trust.p12          by keytool, a certificate without key under the alias "authority"
//   two.p12            by keytool, entries "another" and then "cockpit-client"
//   empty-password.p12
//   leaf.der bundle.p7b bundle-pem.p7b
std::filesystem::path fixture(const std::string& name);
std::string fixture_bytes(const std::string& name);
std::string joined_fixtures(const std::vector<std::string>& names);

// Runs openssl in the fixtures' directory.
std::string openssl(std::vector<std::string> arguments);
// Whether both programs exist; if not, warns, and the test returns.
bool have_tools();

// open_keystore(), which must succeed and pass the checks for every call.
certificate::Keystore open_or_fail(std::string_view bytes, const Secret& password);
// The error of open_keystore(), which must fail.
certificate::KeystoreError error_of(std::string_view bytes, const Secret& password);

}  // namespace renewd::testing
