#include "authority.hpp"

#include <stdexcept>

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace renewd::simulator {
namespace {

struct Extension {
  int nid;
  std::string value;  // as in x509v3_config(5)
};

struct Template {
  Subject subject;
  Validity validity;
  EVP_PKEY* public_key;
  X509* issuer;  // null: self-signed
  EVP_PKEY* signing_key;
  std::vector<Extension> extensions;
};

std::uint64_t random_number() {
  std::uint64_t number = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number) == 1, "drawing a random number");
  return number;
}

void set_name(X509_NAME* name, const Subject& subject) {
  for (const auto& [type, value] : subject) {
    require(X509_NAME_add_entry_by_txt(name, type.c_str(), MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(value.data()),
                                       static_cast<int>(value.size()), -1, 0) == 1,
            "setting " + type + " of a subject");
  }
}

void add_extension(X509* certificate, X509* issuer, const Extension& extension) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, certificate::Free<X509_EXTENSION_free>> built(
      X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value.c_str()));
  require(built && X509_add_ext(certificate, built.get(), -1) == 1, "adding the extension " + extension.value);
}

X509Ptr sign(const Template& wanted) {
  X509Ptr x509(X509_new());
  require(x509 && X509_set_version(x509.get(), X509_VERSION_3) == 1, "making a certificate");
  // Positive, and of the length that public authorities use.
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509.get()), random_number() >> 1U);
  ASN1_TIME_set(X509_getm_notBefore(x509.get()), std::chrono::system_clock::to_time_t(wanted.validity.not_before));
  ASN1_TIME_set(X509_getm_notAfter(x509.get()), std::chrono::system_clock::to_time_t(wanted.validity.not_after));
  set_name(X509_get_subject_name(x509.get()), wanted.subject);
  X509* issuer = wanted.issuer != nullptr ? wanted.issuer : x509.get();
  require(X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer)) == 1 &&
              X509_set_pubkey(x509.get(), wanted.public_key) == 1,
          "filling in a certificate");
  for (const auto& extension : wanted.extensions) {
    add_extension(x509.get(), issuer, extension);
  }
  const EVP_MD* digest = EVP_PKEY_is_a(wanted.signing_key, "RSA") == 1       ? EVP_sha512()
                         : EVP_PKEY_is_a(wanted.signing_key, "ED25519") == 1 ? nullptr
                                                                             : EVP_sha256();
  require(X509_sign(x509.get(), wanted.signing_key, digest) > 0, "signing a certificate");
  return x509;
}

}  // namespace

void require(bool succeeded, const std::string& doing) {
  if (succeeded) {
    return;
  }
  std::string text = doing;
  while (const unsigned long code = ERR_get_error()) {
    std::string reason(256, '\0');
    ERR_error_string_n(code, reason.data(), reason.size());
    text += ": " + std::string(reason.c_str());
  }
  throw std::runtime_error(text);
}

EvpPkeyPtr generate_key(const std::string& kind) {
  const auto colon = kind.find(':');
  const std::string type = kind.substr(0, colon);
  const std::string parameter = colon == std::string::npos ? "" : kind.substr(colon + 1);
  EvpPkeyPtr key;
  if (type == "rsa" && !parameter.empty() && parameter.find_first_not_of("0123456789") == std::string::npos) {
    key.reset(EVP_RSA_gen(static_cast<unsigned>(std::stoul(parameter))));
  } else if (type == "ec" && !parameter.empty()) {
    key.reset(EVP_EC_gen(parameter.c_str()));
  } else if (kind == "ed25519") {
    key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  }
  require(key != nullptr, "making a key of kind \"" + kind + "\" (rsa:4096, rsa:2048, ec:P-256, ed25519)");
  return key;
}

Authority::Authority(const std::string& name, const std::string& key_kind) : key_(generate_key(key_kind)) {
  const auto now = std::chrono::system_clock::now();
  certificate_ = sign({.subject = {{"O", "Cloud simulator"}, {"CN", name + " " + std::to_string(random_number())}},
                       .validity = {now - std::chrono::days(3650), now + std::chrono::days(3650)},
                       .public_key = key_.get(),
                       .issuer = nullptr,
                       .signing_key = key_.get(),
                       .extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                                      {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                      {NID_subject_key_identifier, "hash"}}});
}

X509Ptr Authority::issue_client(const Subject& subject, const Validity& validity, EVP_PKEY* public_key) const {
  return sign({.subject = subject,
               .validity = validity,
               .public_key = public_key,
               .issuer = certificate_.get(),
               .signing_key = key_.get(),
               .extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                              {NID_key_usage, "critical,digitalSignature"},
                              {NID_ext_key_usage, "clientAuth"},
                              {NID_subject_key_identifier, "hash"},
                              {NID_authority_key_identifier, "keyid"}}});
}

X509Ptr Authority::issue_server(const std::string& alternative_name, const Validity& validity,
                                EVP_PKEY* public_key) const {
  return sign({.subject = {{"CN", "Cloud simulator"}},
               .validity = validity,
               .public_key = public_key,
               .issuer = certificate_.get(),
               .signing_key = key_.get(),
               .extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                              {NID_key_usage, "critical,digitalSignature"},
                              {NID_ext_key_usage, "serverAuth"},
                              {NID_subject_alt_name, alternative_name},
                              {NID_authority_key_identifier, "keyid"}}});
}

}  // namespace renewd::simulator
