// How bytes travel inside an answer.
#pragma once

#include <string>

namespace renewd::simulator {

enum class Encoding {
  as_is,
  base64,
  wrapped,       // lines of 64
  wrapped_crlf,  // lines of 76, ended by CR LF, as MIME does
  quoted,        // in quotes that are no JSON: there are line breaks inside
  newline,       // a line break at the end
  urlsafe,       // the other alphabet, without padding
  json_string,
  json_object,
  json_nested,
  json_deep,         // one level deeper than anybody would look
  json_two_members,  // two candidates, and no telling which
  json_array,
  cut,        // base64 that ends too early, at a length that no encoder produces
  bad_digit,  // base64 with a byte that is none
  twice,      // base64 of base64
};

std::string base64(const std::string& bytes);
std::string encode(Encoding encoding, const std::string& bytes);

}  // namespace renewd::simulator
