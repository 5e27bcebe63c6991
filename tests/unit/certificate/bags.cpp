#include "bags.hpp"

#include <sstream>
#include <stdexcept>

#include "certificate/openssl.hpp"
#include "fixtures.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::testing {
namespace {

using certificate::BagsPtr;

void require(bool done) {
  if (!done) {
    throw std::runtime_error("building a PKCS#12: " + certificate::drain_errors());
  }
}

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void add(STACK_OF(PKCS12_SAFEBAG) * *bags, const Bag& wanted) {
  constexpr int kIterations = 1;
  PKCS12_SAFEBAG* bag = wanted.key ? PKCS12_add_key(bags, wanted.of->key.get(), 0, kIterations, NID_aes_128_cbc,
                                                    std::string(kPassword).c_str())
                                   : PKCS12_add_cert(bags, wanted.of->certificate.get());
  require(bag != nullptr);
  if (wanted.alias_utf16) {
    require(PKCS12_add_friendlyname_uni(bag, bytes_of(*wanted.alias_utf16),
                                        static_cast<int>(wanted.alias_utf16->size())) == 1);
  }
  if (wanted.alias_utf8) {
    require(PKCS12_add1_attr_by_NID(bag, NID_friendlyName, V_ASN1_UTF8STRING, bytes_of(*wanted.alias_utf8),
                                    static_cast<int>(wanted.alias_utf8->size())) == 1);
  }
  if (std::string id = wanted.id.value_or(""); wanted.id) {
    require(PKCS12_add_localkeyid(bag, reinterpret_cast<unsigned char*>(id.data()), static_cast<int>(id.size())) == 1);
  }
}

}  // namespace

std::string utf16(const std::string& ascii) {
  std::string bytes;
  for (const char c : ascii) {
    bytes += std::string(1, '\0') + c;
  }
  return bytes;
}

std::string pkcs12_of(const std::vector<std::vector<Bag>>& parts) {
  STACK_OF(PKCS7)* raw_safes = nullptr;
  for (const auto& part : parts) {
    STACK_OF(PKCS12_SAFEBAG)* raw = nullptr;
    for (const auto& bag : part) {
      add(&raw, bag);
    }
    const BagsPtr bags(raw);
    constexpr int kUnencrypted = -1;
    require(PKCS12_add_safe(&raw_safes, bags.get(), kUnencrypted, 0, nullptr) == 1);
  }
  const certificate::SafesPtr safes(raw_safes);
  const certificate::Pkcs12Ptr pkcs12(PKCS12_add_safes(safes.get(), 0));
  const std::string secret(kPassword);
  require(pkcs12 && PKCS12_set_mac(pkcs12.get(), secret.c_str(), -1, nullptr, 0, 1, EVP_sha256()) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_PKCS12(pkcs12.get(), &der);
  require(size > 0);
  std::string bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

std::vector<JdkView> seen_by_jdk(const std::vector<std::string>& files) {
  const TemporaryDirectory directory;
  std::vector<std::string> argv{"java", KEYSTORE_ENTRIES, std::string(kPassword)};
  for (std::size_t i = 0; i < files.size(); ++i) {
    argv.push_back((directory / std::to_string(i)).string());
    write_file(argv.back(), files[i]);
  }
  std::istringstream out(run_or_throw(argv));
  std::vector<JdkView> views;
  for (std::string line; std::getline(out, line);) {
    std::istringstream words(line);
    JdkView view;
    words >> view.used;
    for (std::string word; words >> word;) {
      view.entries.push_back(word);
    }
    views.push_back(std::move(view));
  }
  if (views.size() != files.size()) {
    throw std::runtime_error("a line of java's is missing");
  }
  return views;
}

}  // namespace renewd::testing
