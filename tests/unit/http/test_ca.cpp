#include "unit/http/test_ca.hpp"

#include "support/command.hpp"

namespace renewd::testing {

TestCa::TestCa() {
  run_or_throw({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", directory_ / "ca.key", "-out", file(), "-subj", "/CN=Test CA", "-days", "30"});
}

std::filesystem::path TestCa::issue(const std::string& names, int days, const std::string& subject) const {
  const auto pem = directory_ / "server.pem";
  write_file(directory_ / "extensions", names.empty() ? "" : "subjectAltName=" + names + "\n");
  run_or_throw({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                directory_ / "server.key", "-out", directory_ / "server.csr", "-subj", subject});
  run_or_throw({"openssl", "x509", "-req", "-in", directory_ / "server.csr", "-CA", file(), "-CAkey",
                directory_ / "ca.key", "-CAcreateserial", "-days", std::to_string(days), "-extfile",
                directory_ / "extensions", "-out", pem});
  write_file(pem, read_file(pem) + read_file(directory_ / "server.key"));
  return pem;
}

std::filesystem::path TestCa::issued_by(const TestCa& root) const {
  write_file(directory_ / "extensions", "basicConstraints=critical,CA:TRUE\n");
  run_or_throw(
      {"openssl", "req", "-new", "-key", directory_ / "ca.key", "-out", directory_ / "ca.csr", "-subj", "/CN=Test CA"});
  run_or_throw({"openssl", "x509", "-req", "-in", directory_ / "ca.csr", "-CA", root.file(), "-CAkey",
                root.path("ca.key"), "-CAcreateserial", "-days", "30", "-extfile", directory_ / "extensions", "-out",
                directory_ / "intermediate.pem"});
  return directory_ / "intermediate.pem";
}

}  // namespace renewd::testing
