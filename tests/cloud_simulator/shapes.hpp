// The answers that the simulator can give, by name: what is wrong with the certificate, which file it comes in, and how
// that file travels.
#pragma once

#include <string_view>
#include <vector>

#include "encoding.hpp"

namespace renewd::simulator {

enum class Flaw {
  none,
  expired,
  not_later,      // ends a day from now: sooner than any installed one of the tests
  not_yet_valid,  // begins tomorrow
  wrong_cn,       // another account's
  foreign_ca,     // another authority's
  weak_key,       // RSA 1024
  other_key,      // the key that comes along is another certificate's
};

enum class Container {
  pkcs12,
  pkcs12_other_password,
  pkcs12_other_alias,
  pkcs12_cut,
  pkcs12_key_only,
  pem,
  pem_other_password,  // the key is encrypted
  pem_key_only,
  pem_cut,
  der,  // from here to pkcs7: for the installed key, which stays
  pem_certificate,
  pkcs7,
  jks,
  foreign_der,  // without key, for a key that nobody has
  noise,        // no keystore at all
  padded,       // larger than any answer may be
};

struct Shape {
  std::string_view name;
  Flaw flaw = Flaw::none;
  Container container = Container::pkcs12;
  Encoding encoding = Encoding::base64;
  std::string_view literal = {};  // instead of all of the above
  bool literal_answer = false;
};

const std::vector<Shape>& shapes();
// Throws, naming them all, when there is no such shape.
const Shape& find_shape(std::string_view name);

// Whether the certificate is for a key that the client already has.
bool certifies_installed_key(Container container);
// What the file in `issued/` ends with.
std::string_view extension(Container container);

}  // namespace renewd::simulator
