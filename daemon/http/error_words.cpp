#include "http/error_words.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json.hpp>

#include "core/text.hpp"

namespace renewd::http {
namespace {

namespace json = boost::json;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// `wanted` in lower case.
bool starts_with_word(std::string_view text, std::string_view wanted) {
  return text.size() >= wanted.size() &&
         std::equal(wanted.begin(), wanted.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

std::size_t find_word(std::string_view text, std::string_view wanted, std::size_t from) {
  const auto found = std::search(text.begin() + static_cast<std::ptrdiff_t>(std::min(from, text.size())), text.end(),
                                 wanted.begin(), wanted.end(), [](char a, char b) { return lower(a) == b; });
  return found == text.end() ? std::string_view::npos : static_cast<std::size_t>(found - text.begin());
}

std::string without_entities(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 7> kEntities{{{"&amp;", '&'},
                                                                               {"&lt;", '<'},
                                                                               {"&gt;", '>'},
                                                                               {"&quot;", '"'},
                                                                               {"&apos;", '\''},
                                                                               {"&#39;", '\''},
                                                                               {"&nbsp;", ' '}}};
  std::string decoded;
  while (!text.empty()) {
    const auto* const entity =
        std::ranges::find_if(kEntities, [&](const auto& known) { return text.starts_with(known.first); });
    if (entity != kEntities.end()) {
      decoded += entity->second;
      text.remove_prefix(entity->first.size());
    } else {
      decoded += text.front();
      text.remove_prefix(1);
    }
  }
  return decoded;
}

// Where what begins with the tag at `tag` ends. Never looks at a byte twice, whatever the page is made of: what is not
// closed lasts to the end.
std::size_t end_of_tag(std::string_view html, std::size_t tag) {
  const std::string_view rest = html.substr(tag);
  std::string_view closing = ">";
  if (rest.starts_with("<!--")) {
    closing = "-->";
  } else if (starts_with_word(rest, "<script")) {
    closing = "</script>";
  } else if (starts_with_word(rest, "<style")) {
    closing = "</style>";
  }
  const auto end = find_word(html, closing, tag + 1);
  return end == std::string_view::npos ? html.size() : end + closing.size();
}

std::string html_text(std::string_view html) {
  std::string text;
  for (std::size_t at = 0; at < html.size();) {
    const auto tag = std::min(html.find('<', at), html.size());
    text += html.substr(at, tag - at);
    if (tag == html.size()) {
      break;
    }
    text += ' ';  // words of neighbouring elements must not grow together
    at = end_of_tag(html, tag);
  }
  return without_entities(trimmed(text));
}

std::string html_title(std::string_view html) {
  const auto tag = find_word(html, "<title", 0);
  if (tag == std::string_view::npos) {
    return {};
  }
  const auto start = html.find('>', tag);
  const auto end = find_word(html, "</title", tag);
  if (start == std::string_view::npos || end == std::string_view::npos || end < start) {
    return {};
  }
  return without_entities(trimmed(html.substr(start + 1, end - start - 1)));
}

std::string json_words(std::string_view body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  const auto* const object = error ? nullptr : value.if_object();
  const auto member = [&](std::string_view name) {
    const auto* const found = object == nullptr ? nullptr : object->if_contains(name);
    const auto* const text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string() : std::string(*text);
  };
  std::string words = member("message");
  if (const std::string code = member("technicalCode"); !words.empty() && !code.empty()) {
    words += " [" + code + "]";
  }
  return words;
}

}  // namespace

std::string error_words(std::string_view body) {
  body = trimmed(body);
  std::string words;
  if (body.starts_with('{')) {
    words = json_words(body);
  } else if (body.starts_with('<')) {
    words = html_title(body);
    if (words.empty()) {
      words = html_text(body);
    }
  }
  return words.empty() ? std::string(body) : words;
}

}  // namespace renewd::http
