#include "configuration/certificate_section.hpp"

#include <map>
#include <string>

#include <fmt/format.h>

#include "configuration/gateway_section.hpp"
#include "configuration/secret_section.hpp"
#include "configuration/urls.hpp"
#include "configuration/windows_section.hpp"
#include "configuration/yaml_values.hpp"

namespace renewd::configuration {
namespace {

const KnownKeys kCertificateKeys{.supported = {"name", "account_url", "token", "keystore", "renew", "renew_before",
                                               "renew_windows", "activate_windows", "override_windows_before",
                                               "gateway"}};

constexpr std::size_t kLongestName = 64;  // it is a directory's name and a metric's label

void read_name(const YamlMap& map, std::string& into) {
  const YamlNode* node = map.require("name");
  if (node == nullptr) {
    return;
  }
  const auto name = text_of(*node, "name", map.sink());
  if (!name) {
    return;
  }
  if (!is_certificate_name(*name)) {
    map.sink().error(node->place, fmt::format("`name` must consist of small letters, digits and -, at most {} of them, "
                                              "such as production-eu",
                                              kLongestName));
    return;
  }
  into = *name;
}

void read_account(const YamlMap& map, CertificateSettings& into) {
  const bool needed = into.renew == RenewMode::automatic && !map.mistypes({"renew"});
  constexpr std::string_view kHint = "; to watch a certificate without renewing it, write `renew: never`";
  if (const YamlNode* node = needed ? map.require("account_url", kHint) : map.find("account_url")) {
    if (const auto text = text_of(*node, "account_url", map.sink())) {
      auto url = parse_account_url(*text);
      if (url) {
        into.account_url = std::move(*url);
      } else {
        map.sink().error(node->place, "`account_url` " + url.error());
      }
    }
  }
  if (needed) {
    map.require("token", kHint);
  }
  read_secret_source(map, "token", into.token);
}

void read_keystore(const YamlMap& certificate, KeystoreSettings& into) {
  const YamlNode* node = certificate.require("keystore");
  if (node == nullptr) {
    return;
  }
  const auto map =
      YamlMap::open(*node, "keystore", {.supported = {"path", "type", "password", "ca_file"}}, certificate.sink());
  if (!map) {
    return;
  }
  map->require("path");
  read_absolute_path(*map, "path", into.path);
  read_choice<KeystoreType>(*map, "type",
                            {{"auto", KeystoreType::automatic},
                             {"pkcs12", KeystoreType::pkcs12},
                             {"jks", KeystoreType::jks},
                             {"pem", KeystoreType::pem}},
                            into.type);
  read_secret_source(*map, "password", into.password);
  read_absolute_path(*map, "ca_file", into.ca_file);
}

CertificateSettings read_certificate(const YamlMap& map) {
  CertificateSettings certificate;
  read_name(map, certificate.name);
  read_choice<RenewMode>(map, "renew", {{"auto", RenewMode::automatic}, {"never", RenewMode::never}},
                         certificate.renew);
  read_account(map, certificate);
  read_keystore(map, certificate.keystore);
  read_renew_before(map, "renew_before", certificate.renew_before);
  read_windows(map, certificate);
  if (const YamlNode* gateway = map.find("gateway")) {
    read_gateway(*gateway, map.sink(), certificate.gateway);
  }
  return certificate;
}

// What no two certificates may share: the name, by which everything of one is found, and the file, over which two
// would renew each other for ever.
class Taken {
 public:
  void check(const YamlMap& map, const CertificateSettings& certificate) {
    check(names_, certificate.name, map.find("name"), "name", map.sink());
    const YamlNode* keystore = map.find("keystore");
    if (keystore != nullptr && !certificate.keystore.path.empty()) {
      const std::string path = certificate.keystore.path.lexically_normal().string();
      check(paths_, path, keystore, "keystore.path", map.sink());
    }
  }

 private:
  static void check(std::map<std::string, Place>& taken, const std::string& value, const YamlNode* node,
                    std::string_view key, DiagnosticSink& sink) {
    if (value.empty()) {
      return;
    }
    const auto [first, is_new] = taken.try_emplace(value, node->place);
    if (!is_new) {
      sink.error(node->place, fmt::format("`{}` is the same as that of the certificate on line {}; each needs its own",
                                          key, first->second.line));
    }
  }

  std::map<std::string, Place> names_;
  std::map<std::string, Place> paths_;
};

}  // namespace

bool is_certificate_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::vector<CertificateSettings> read_certificates(const YamlNode& node, DiagnosticSink& sink) {
  std::vector<CertificateSettings> certificates;
  if (node.kind != YamlNode::Kind::list || node.items.empty()) {
    sink.error(node.place,
               "`certificates` must be a list of at least one certificate, each beginning with \"- name:\"");
    return certificates;
  }
  Taken taken;
  for (const YamlNode* item : node.items) {
    if (sink.full()) {
      break;
    }
    if (const auto map = YamlMap::open(*item, "certificates[]", kCertificateKeys, sink)) {
      certificates.push_back(read_certificate(*map));
      taken.check(*map, certificates.back());
    }
  }
  return certificates;
}

}  // namespace renewd::configuration
