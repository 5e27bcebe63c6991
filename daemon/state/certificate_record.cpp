#include "state/certificate_record.hpp"

#include <utility>

#include <boost/json.hpp>

#include "state/state_checks.hpp"

namespace renewd::state {
namespace {

namespace json = boost::json;

std::optional<std::string> digits(const json::value* value) {
  const auto* const text = value == nullptr ? nullptr : value->if_string();
  return text != nullptr && is_hexadecimal(*text) ? std::optional<std::string>(*text) : std::nullopt;
}

std::optional<std::chrono::sys_seconds> date(const json::value* value) {
  return value == nullptr ? std::nullopt : checked_seconds(*value);
}

}  // namespace

CertificateRecord record_of(const certificate::Certificate& certificate) {
  return {certificate.serial(), certificate.fingerprint_sha256(), certificate.not_before(), certificate.not_after()};
}

json::object to_json(const CertificateRecord& record) {
  return {{"serial", record.serial},
          {"fingerprint", record.fingerprint},
          {"not_before", record.not_before.time_since_epoch().count()},
          {"not_after", record.not_after.time_since_epoch().count()}};
}

std::optional<CertificateRecord> certificate_record(const json::value& value) {
  const auto* const object = value.if_object();
  if (object == nullptr) {
    return std::nullopt;
  }
  auto serial = digits(object->if_contains("serial"));
  auto fingerprint = digits(object->if_contains("fingerprint"));
  const auto not_before = date(object->if_contains("not_before"));
  const auto not_after = date(object->if_contains("not_after"));
  if (!serial || !fingerprint || !not_before || !not_after) {
    return std::nullopt;
  }
  return CertificateRecord{std::move(*serial), std::move(*fingerprint), *not_before, *not_after};
}

}  // namespace renewd::state
