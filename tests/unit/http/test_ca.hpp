// Certificates for the tests' servers, made with the openssl command.
#pragma once

#include <filesystem>
#include <string>

#include "support/temporary_directory.hpp"

namespace renewd::testing {

class TestCa {
 public:
  TestCa();

  // The CA's certificate, for http.ca_file.
  std::filesystem::path file() const { return directory_ / "ca.pem"; }
  // A server's key and certificate in one PEM file. `names` as in openssl's subjectAltName: "DNS:localhost,IP:::1".
  // Without names, only the subject identifies the server. With negative `days` the certificate has expired.
  std::filesystem::path issue(const std::string& names, int days = 30,
                              const std::string& subject = "/CN=Test server") const;

  // This CA as an intermediate: a certificate issued by `root`, with the same name and key.
  std::filesystem::path issued_by(const TestCa& root) const;

  std::filesystem::path path(const std::string& name) const { return directory_ / name; }

 private:
  TemporaryDirectory directory_;
};

}  // namespace renewd::testing
