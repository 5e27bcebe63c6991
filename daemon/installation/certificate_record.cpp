#include "installation/certificate_record.hpp"

#include <exception>

#include <boost/json.hpp>

namespace renewd::installation {
namespace {

namespace json = boost::json;

std::chrono::sys_seconds date(const json::value& value) {
  return std::chrono::sys_seconds(std::chrono::seconds(value.to_number<std::int64_t>()));
}

}  // namespace

json::object to_json(const CertificateRecord& record) {
  return {{"serial", record.serial},
          {"fingerprint", record.fingerprint},
          {"not_before", record.not_before.time_since_epoch().count()},
          {"not_after", record.not_after.time_since_epoch().count()}};
}

std::optional<CertificateRecord> certificate_record(const json::value& value) {
  try {
    const auto& object = value.as_object();
    return CertificateRecord{std::string(object.at("serial").as_string()),
                             std::string(object.at("fingerprint").as_string()), date(object.at("not_before")),
                             date(object.at("not_after"))};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace renewd::installation
