#include "support/keystores.hpp"

#include <string_view>

#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::testing {
namespace {

bool is_pem(const std::filesystem::path& file) {
  return read_file(file).find("-----BEGIN ") != std::string::npos;
}

// The whole of a PKCS#12 file, its key in the clear.
std::string opened_pkcs12(const std::filesystem::path& file, const std::string& password) {
  return run_or_throw({"openssl", "pkcs12", "-in", file.string(), "-passin", "pass:" + password, "-nodes", "-clcerts"});
}

}  // namespace

std::string certificate_of(const std::filesystem::path& file, const std::string& password) {
  if (is_pem(file)) {
    return run_or_throw({"openssl", "x509", "-in", file.string()});
  }
  if (file.extension() == ".der") {
    return run_or_throw({"openssl", "x509", "-inform", "DER", "-in", file.string()});
  }
  if (file.extension() == ".p7b") {
    const std::string all = run_or_throw({"openssl", "pkcs7", "-inform", "DER", "-print_certs", "-in", file.string()});
    return run_or_throw({"openssl", "x509"}, {.input = all});
  }
  return run_or_throw({"openssl", "x509"}, {.input = opened_pkcs12(file, password)});
}

std::string serial_of(const std::string& certificate_pem) {
  const std::string line = run_or_throw({"openssl", "x509", "-noout", "-serial"}, {.input = certificate_pem});
  constexpr std::string_view kName = "serial=";
  return line.substr(kName.size(), line.find('\n') - kName.size());
}

bool key_matches(const std::filesystem::path& file, const std::string& password) {
  const std::string all = is_pem(file) ? read_file(file) : opened_pkcs12(file, password);
  const std::string of_key =
      run_or_throw({"openssl", "pkey", "-passin", "pass:" + password, "-pubout"}, {.input = all});
  return of_key == run_or_throw({"openssl", "x509", "-noout", "-pubkey"}, {.input = all});
}

std::string keytool_list(const std::filesystem::path& file, const std::string& password) {
  return run_or_throw({"keytool", "-list", "-keystore", file.string(), "-storepass", password});
}

void convert_to_jks(const std::filesystem::path& pkcs12, const std::filesystem::path& jks,
                    const std::string& password) {
  run_or_throw({"keytool", "-importkeystore", "-noprompt", "-srckeystore", pkcs12.string(), "-srcstoretype", "PKCS12",
                "-srcstorepass", password, "-destkeystore", jks.string(), "-deststoretype", "JKS", "-deststorepass",
                password, "-destkeypass", password});
}

}  // namespace renewd::testing
