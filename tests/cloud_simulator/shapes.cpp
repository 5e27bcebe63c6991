#include "shapes.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace renewd::simulator {
namespace {

constexpr Shape literal(std::string_view name, std::string_view text) {
  return {.name = name, .literal = text, .literal_answer = true};
}

}  // namespace

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = {
      // What a client should understand.
      {.name = "pkcs12"},
      {.name = "wrapped", .encoding = Encoding::wrapped},
      {.name = "wrapped-crlf", .encoding = Encoding::wrapped_crlf},
      {.name = "quoted", .encoding = Encoding::quoted},
      {.name = "newline", .encoding = Encoding::newline},
      {.name = "urlsafe", .encoding = Encoding::urlsafe},
      {.name = "json-string", .encoding = Encoding::json_string},
      {.name = "json-object", .encoding = Encoding::json_object},
      {.name = "json-nested", .encoding = Encoding::json_nested},
      {.name = "pem", .container = Container::pem, .encoding = Encoding::as_is},
      {.name = "pem-base64", .container = Container::pem},
      {.name = "der-cert", .container = Container::der},
      {.name = "pem-cert", .container = Container::pem_certificate, .encoding = Encoding::as_is},
      {.name = "pkcs7", .container = Container::pkcs7},
      // Well encoded, but no keystore to be opened.
      {.name = "jks", .container = Container::jks},
      {.name = "other-alias", .container = Container::pkcs12_other_alias},
      {.name = "wrong-password", .container = Container::pkcs12_other_password},
      {.name = "truncated-pkcs12", .container = Container::pkcs12_cut},
      {.name = "empty-pkcs12", .container = Container::pkcs12_key_only},
      {.name = "pem-wrong-password", .container = Container::pem_other_password, .encoding = Encoding::as_is},
      {.name = "pem-key-only", .container = Container::pem_key_only, .encoding = Encoding::as_is},
      {.name = "truncated-pem", .container = Container::pem_cut, .encoding = Encoding::as_is},
      {.name = "base64-of-garbage", .container = Container::noise},
      {.name = "garbage", .container = Container::noise, .encoding = Encoding::as_is},
      {.name = "too-large", .container = Container::padded},
      // A keystore that must not be installed.
      {.name = "no-key", .container = Container::foreign_der},
      {.name = "key-mismatch", .flaw = Flaw::other_key},
      {.name = "pem-key-mismatch", .flaw = Flaw::other_key, .container = Container::pem, .encoding = Encoding::as_is},
      {.name = "expired", .flaw = Flaw::expired},
      {.name = "pem-expired", .flaw = Flaw::expired, .container = Container::pem, .encoding = Encoding::as_is},
      {.name = "der-expired", .flaw = Flaw::expired, .container = Container::der},
      {.name = "not-later", .flaw = Flaw::not_later},
      {.name = "der-not-later", .flaw = Flaw::not_later, .container = Container::der},
      {.name = "not-yet-valid", .flaw = Flaw::not_yet_valid},
      {.name = "wrong-cn", .flaw = Flaw::wrong_cn},
      {.name = "der-wrong-cn", .flaw = Flaw::wrong_cn, .container = Container::der},
      {.name = "foreign-ca", .flaw = Flaw::foreign_ca},
      {.name = "weak-key", .flaw = Flaw::weak_key},
      // Badly encoded.
      {.name = "truncated-base64", .encoding = Encoding::cut},
      {.name = "bad-base64", .encoding = Encoding::bad_digit},
      {.name = "base64-twice", .encoding = Encoding::twice},
      {.name = "json-two-members", .encoding = Encoding::json_two_members},
      {.name = "json-array", .encoding = Encoding::json_array},
      {.name = "json-deep", .encoding = Encoding::json_deep},
      // No certificate at all.
      literal("empty", ""),
      literal("blank", " \r\n\t\n"),
      literal("text", "The certificate was renewed."),
      literal("html", "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"),
      literal("json-number", "42"),
      literal("json-null", "null"),
      literal("json-empty-object", "{}"),
      literal("json-empty-string", "\"\""),
      literal("json-error", R"({"message": "No certificate yet.", "http_status": 202, "parameters": {}})"),
  };
  return all;
}

const Shape& find_shape(std::string_view name) {
  const auto found = std::find_if(shapes().begin(), shapes().end(), [&](const Shape& s) { return s.name == name; });
  if (found != shapes().end()) {
    return *found;
  }
  std::string names;
  for (const auto& shape : shapes()) {
    names += " " + std::string(shape.name);
  }
  throw std::runtime_error("no shape \"" + std::string(name) + "\"; there are:" + names);
}

bool certifies_installed_key(Container container) {
  return container == Container::der || container == Container::pem_certificate || container == Container::pkcs7;
}

std::string_view extension(Container container) {
  switch (container) {
    case Container::pkcs12:
    case Container::pkcs12_other_password:
    case Container::pkcs12_other_alias:
    case Container::pkcs12_cut:
    case Container::pkcs12_key_only:
    case Container::padded:
      return ".p12";
    case Container::pem:
    case Container::pem_other_password:
    case Container::pem_key_only:
    case Container::pem_cut:
    case Container::pem_certificate:
      return ".pem";
    case Container::der:
    case Container::foreign_der:
      return ".der";
    case Container::pkcs7:
      return ".p7b";
    case Container::jks:
      return ".jks";
    case Container::noise:
      return ".bin";
  }
  return ".bin";
}

}  // namespace renewd::simulator
