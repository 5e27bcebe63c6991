// Secrets of ours in text of others: servers, proxies and commands repeat what they were sent, and such text reaches
// logs. Finds a secret as it is and in the dress in which such text repeats it; nobody can find it in every dress that
// somebody invents who knows it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/secret.hpp"

namespace renewd {

class Redaction {
 public:
  // `name` is what stands in its place, in brackets. An empty secret is nowhere found.
  void hide(std::string_view name, const Secret& secret);

  // `foreign` without the secrets: as they are; in HTML entities, percent or backslash escapes, also one within the
  // other; in base64, alone or as a part ("user:password"), or in hexadecimal digits; in capitals; and, if they have at
  // least four letters and digits, with markup, blanks or other characters in between. To be called before the text is
  // cut, since half a secret is not found. Takes time in proportion to the text.
  std::string operator()(std::string_view foreign) const;

 private:
  enum class Form { exact, squeezed, base64 };
  struct Needle {
    Form form;
    Secret text;
    std::string name;
  };
  void look_for(Form form, std::string text, std::string_view name);

  std::vector<Needle> needles_;
};

// A secret that is read when it is needed.
struct NamedSecret {
  std::string name;
  SecretSource source;
};

// Of the secrets as they are now; one that cannot be read is left out, since nobody was sent it either.
Redaction redaction_of(const std::vector<NamedSecret>& secrets);

}  // namespace renewd
