// Removes our secrets from text that reaches the log. Servers, proxies and commands may repeat what they were sent, as
// it is or in one of the usual encodings. This does not protect against a program that disguises a secret on purpose.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/secret.hpp"

namespace renewd {

class Redaction {
 public:
  // Replaces the secret by "[name]". Ignores an empty secret.
  void hide(std::string_view name, const Secret& secret);

  // Finds secrets in plain text; in HTML entities, percent or backslash escapes, also nested; in base64, also as a part
  // ("user:password"); in hexadecimal; in upper case; and, with at least four letters and digits, with markup or other
  // characters in between. Call it before the text is cut, since it does not find part of a secret. Takes linear time.
  std::string operator()(std::string_view foreign) const;

 private:
  enum class Form { exact, letters_and_digits, base64 };
  struct Needle {
    Form form;
    Secret text;
    std::string name;
  };
  void add(Form form, std::string text, std::string_view name);

  std::vector<Needle> needles_;
};

struct NamedSecret {
  std::string name;
  SecretSource source;
};

// Reads the secrets. Skips one that cannot be read, since it cannot have been sent either.
Redaction redaction_of(const std::vector<NamedSecret>& secrets);

}  // namespace renewd
