// `certificates`: what the daemon watches, renews and installs.
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "configuration/sections.hpp"
#include "configuration/values.hpp"

namespace renewd::configuration {
namespace {

void read_certificate(const YamlMap& map, CertificateSettings& certificate) {
  if (certificate.renew == RenewMode::automatic && !map.mistypes({"renew"})) {
    constexpr std::string_view kHint = "; to watch a certificate without renewing it, write `renew: never`";
    map.require("account_url", kHint);
    map.require("token", kHint);
  }
  read_section(map, "keystore", certificate.keystore.keys());
  check_windows(map, certificate);
  read_gateway(map, certificate.gateway);
}

// Two certificates must not share a name, which identifies state, logs and metrics, nor a keystore, which each would
// keep replacing with its own.
class UniqueValues {
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
  static void check(std::map<std::string, Place>& seen, const std::string& value, const YamlNode* node,
                    std::string_view key, DiagnosticSink& sink) {
    if (value.empty()) {
      return;
    }
    const auto [first, is_new] = seen.try_emplace(value, node->place);
    if (!is_new) {
      sink.error(node->place,
                 fmt::format("`{}` is the same as for the certificate on line {}; every certificate needs its own", key,
                             first->second.line));
    }
  }

  std::map<std::string, Place> names_;
  std::map<std::string, Place> paths_;
};

}  // namespace

std::vector<CertificateSettings> read_certificates(const YamlNode& node, DiagnosticSink& sink) {
  std::vector<CertificateSettings> certificates;
  if (node.kind != YamlNode::Kind::list || node.items.empty()) {
    sink.error(node.place, "`certificates` must be a list of at least one certificate, each starting with \"- name:\"");
    return certificates;
  }
  UniqueValues unique;
  for (const YamlNode* item : node.items) {
    if (sink.full()) {
      break;
    }
    CertificateSettings certificate;
    if (const auto map = read_map(*item, "certificates[]", certificate.keys(), sink)) {
      read_certificate(*map, certificate);
      unique.check(*map, certificate);
      certificates.push_back(std::move(certificate));
    }
  }
  return certificates;
}

}  // namespace renewd::configuration
