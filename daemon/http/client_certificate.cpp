#include "http/client_certificate.hpp"

#include <boost/asio/buffer.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "certificate/openssl.hpp"
#include "core/advice.hpp"
#include "core/try.hpp"
#include "core/whole_file.hpp"

namespace renewd::http {
namespace {

constexpr std::size_t kFileLimit = std::size_t{64} * 1024;

tl::unexpected<Error> unusable(std::string_view what, const std::filesystem::path& file, std::string_view why,
                               std::string advice) {
  return failure(ErrorKind::tls, fmt::format("reading the {} from {}: {}", what, file.string(), why),
                 std::move(advice));
}

Result<Secret> read(std::string_view what, const std::filesystem::path& file) {
  auto bytes = read_whole(file, kFileLimit);
  if (!bytes) {
    const auto denial = explain_denial(file, Sharing::none);
    const std::string why = denial && !denial->message.empty() ? fmt::format(" ({})", denial->message) : "";
    return unusable(what, file, bytes.error().message + why, denial ? denial->advice : bytes.error().advice);
  }
  return bytes;
}

// Instead of a question on the terminal, which is what OpenSSL does without a callback.
int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

Result<certificate::EvpPkeyPtr> parse_key(const Secret& pem, const std::filesystem::path& file) {
  const certificate::BioPtr bio(BIO_new_mem_buf(pem.view().data(), static_cast<int>(pem.view().size())));
  bool is_encrypted = false;
  certificate::EvpPkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &is_encrypted));
  ERR_clear_error();
  if (is_encrypted) {
    return unusable("private key", file, "it is encrypted", "remove its passphrase, for example with openssl pkey");
  }
  if (!key) {
    return unusable("private key", file, "there is no private key in PEM in it",
                    "replace the file by the private key of the client certificate, in PEM");
  }
  return key;
}

}  // namespace

Result<void> use_client_certificate(boost::asio::ssl::context& context, const ClientCertificate& files) {
  TRY_LET(const Secret chain, read("client certificate", files.cert_file));
  boost::system::error_code error;
  context.use_certificate_chain(boost::asio::buffer(chain.view().data(), chain.view().size()), error);
  ERR_clear_error();
  if (error) {
    return unusable("client certificate", files.cert_file, "there is no certificate in PEM in it",
                    "replace the file by a certificate in PEM, followed by its chain");
  }
  TRY_LET(const Secret pem, read("private key", files.key_file));
  TRY_LET(const auto key, parse_key(pem, files.key_file));
  SSL_CTX* const native = context.native_handle();
  const bool matches = X509_check_private_key(SSL_CTX_get0_certificate(native), key.get()) == 1;
  const bool used = matches && SSL_CTX_use_PrivateKey(native, key.get()) == 1;
  ERR_clear_error();
  if (!used) {
    return unusable("private key", files.key_file,
                    fmt::format("it does not belong to the certificate in {}", files.cert_file.string()),
                    "replace both files by a certificate and its own key");
  }
  return {};
}

}  // namespace renewd::http
