#include "issuer.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>

#include <openssl/rand.h>

namespace renewd::simulator {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::system_clock;

// What the cloud's own certificates say (docs: domain facts), in the order of their encoding.
Subject documented_subject(const std::string& common_name) {
  return {{"emailAddress", "team@example.invalid"},
          {"C", "FR"},
          {"ST", "France"},
          {"L", "Lille"},
          {"O", "GraviteeSource"},
          {"OU", "Cockpit"},
          {"CN", common_name}};
}

constexpr seconds kDocumentedLifetime{31'536'000};
constexpr const char* kOtherAccount = "00000000-0000-4000-8000-000000000000";
constexpr std::size_t kTooLarge = std::size_t{2} * 1024 * 1024;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error("cannot read " + path.string());
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

// Never a keystore by chance: the first byte belongs to no format.
std::string noise() {
  std::string bytes(2000, '\0');
  require(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) == 1, "noise");
  bytes.front() = '\x01';
  return bytes;
}

std::string file_name(unsigned number, std::string_view extension) {
  std::string digits = std::to_string(number);
  return std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits + std::string(extension);
}

}  // namespace

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  if (!file) {
    throw std::runtime_error("cannot write " + path.string());
  }
}

Issuer::Issuer(const Options& options)
    : options_(options), shape_(find_shape(options.shape)), authority_("Client authority", "rsa:2048") {
  std::filesystem::create_directories(options.directory / "issued");
  write_file(options.client_ca, pem({authority_.certificate(), nullptr, nullptr}));
  if (!options.initial_keystore.empty()) {
    write_initial_keystore();
  }
  if (!options.public_key_from.empty()) {
    installed_key_ = public_key_of(read_file(options.public_key_from), options.password);
  }
  if (certifies_installed_key(shape_.container) && !installed_key_) {
    throw std::runtime_error("the shape " + options.shape + " needs --public-key-from or --initial-keystore");
  }
  if (!shape_.literal_answer && !options.fixed) {
    std::generate_n(std::back_inserter(prepared_keys_), options.prepared_keys, [this] { return new_key(); });
  }
}

EvpPkeyPtr Issuer::new_key() const {
  return generate_key(shape_.flaw == Flaw::weak_key ? "rsa:1024" : options_.key);
}

EvpPkeyPtr Issuer::next_key() {
  if (prepared_keys_.empty()) {
    return new_key();
  }
  EvpPkeyPtr key = std::move(prepared_keys_.back());
  prepared_keys_.pop_back();
  return key;
}

void Issuer::write_initial_keystore() {
  installed_key_ = generate_key(options_.initial_key.empty() ? options_.key : options_.initial_key);
  const auto not_after = system_clock::now() + days(options_.initial_days);
  const X509Ptr certificate = authority_.issue_client(
      documented_subject(options_.common_name), {not_after - kDocumentedLifetime, not_after}, installed_key_.get());
  const Contents contents{certificate.get(), installed_key_.get(), authority_.certificate()};
  write_file(options_.initial_keystore,
             options_.initial_format == "pem" ? pem(contents) : pkcs12(contents, options_.password));
  ::chmod(options_.initial_keystore.c_str(), 0600);
}

Validity Issuer::validity() const {
  const auto now = system_clock::now();
  switch (shape_.flaw) {
    case Flaw::expired:
      return {now - days(366), now - days(1)};
    case Flaw::not_later:
      return {now, now + days(1)};
    case Flaw::not_yet_valid:
      return {now + days(1), now + days(366)};
    case Flaw::none:
    case Flaw::wrong_cn:
    case Flaw::foreign_ca:
    case Flaw::weak_key:
    case Flaw::other_key:
      break;
  }
  const auto not_before = now + options_.not_before;
  return {not_before, not_before + options_.lifetime};
}

EVP_PKEY* Issuer::certified_key(EVP_PKEY* fresh) const {
  return certifies_installed_key(shape_.container) ? installed_key_.get() : fresh;
}

std::string Issuer::fill(const Contents& contents) const {
  const Contents key_only{nullptr, contents.key, nullptr};
  const Contents certificates{contents.certificate, nullptr, contents.issuer};
  switch (shape_.container) {
    case Container::pkcs12:
      return shape_.flaw == Flaw::other_key ? odd_pkcs12(contents, options_.password)
                                            : pkcs12(contents, options_.password);
    case Container::pkcs12_other_password:
      return pkcs12(contents, "not-" + options_.password);
    case Container::pkcs12_other_alias:
      return pkcs12(contents, options_.password, kOtherAlias);
    case Container::pkcs12_cut: {
      const std::string whole = pkcs12(contents, options_.password);
      return whole.substr(0, whole.size() / 2);
    }
    case Container::pkcs12_key_only:
      return odd_pkcs12(key_only, options_.password);
    case Container::pem:
      return pem(contents);
    case Container::pem_other_password:
      return pem(contents, "not-" + options_.password);
    case Container::pem_key_only:
      return pem(key_only);
    case Container::pem_cut: {
      const std::string whole = pem(certificates);
      return whole.substr(0, whole.size() / 4);
    }
    case Container::der:
    case Container::foreign_der:
      return der(contents.certificate);
    case Container::pem_certificate:
      return pem(certificates);
    case Container::pkcs7:
      return pkcs7(contents);
    case Container::jks:
      return jks(contents.certificate, options_.password);
    case Container::noise:
      return noise();
    case Container::padded:
      return pkcs12(contents, options_.password) + std::string(kTooLarge, '\0');
  }
  return {};
}

Issued Issuer::issue() {
  if (shape_.literal_answer) {
    return {std::string(shape_.literal), ""};
  }
  const EvpPkeyPtr key = next_key();
  const EvpPkeyPtr other_key = shape_.flaw == Flaw::other_key ? generate_key(options_.key) : nullptr;
  const std::optional<Authority> foreign =
      shape_.flaw == Flaw::foreign_ca ? std::optional<Authority>(std::in_place, "Foreign authority", "rsa:2048")
                                      : std::nullopt;
  const Authority& authority = foreign ? *foreign : authority_;
  const X509Ptr certificate =
      authority.issue_client(documented_subject(shape_.flaw == Flaw::wrong_cn ? kOtherAccount : options_.common_name),
                             validity(), certified_key(key.get()));
  const std::string bytes = fill({certificate.get(), other_key ? other_key.get() : key.get(), authority.certificate()});
  const std::string file = file_name(++issued_, extension(shape_.container));
  write_file(options_.directory / "issued" / file, bytes);
  return {encode(shape_.encoding, bytes), file};
}

}  // namespace renewd::simulator
