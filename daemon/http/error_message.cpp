#include "http/error_message.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json.hpp>

#include "core/text.hpp"

namespace renewd::http {
namespace {

namespace json = boost::json;

// `wanted` is in lower case.
bool starts_with_tag(std::string_view text, std::string_view wanted) {
  return lower_case(text.substr(0, wanted.size())) == wanted;
}

std::size_t find_tag(std::string_view text, std::string_view wanted, std::size_t from) {
  const auto found = std::search(text.begin() + static_cast<std::ptrdiff_t>(std::min(from, text.size())), text.end(),
                                 wanted.begin(), wanted.end(), [](char a, char b) { return lower_case(a) == b; });
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

// The end of the tag, comment, script or style that begins at `tag`. One that is not closed extends to the end of the
// page, so that the time is linear for every page.
std::size_t end_of_tag(std::string_view html, std::size_t tag) {
  const std::string_view rest = html.substr(tag);
  std::string_view closing = ">";
  if (rest.starts_with("<!--")) {
    closing = "-->";
  } else if (starts_with_tag(rest, "<script")) {
    closing = "</script>";
  } else if (starts_with_tag(rest, "<style")) {
    closing = "</style>";
  }
  const auto end = find_tag(html, closing, tag + 1);
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
    text += ' ';  // separates the words of two elements
    at = end_of_tag(html, tag);
  }
  return without_entities(trimmed(text));
}

std::string html_title(std::string_view html) {
  const auto tag = find_tag(html, "<title", 0);
  if (tag == std::string_view::npos) {
    return {};
  }
  const auto start = html.find('>', tag);
  const auto end = find_tag(html, "</title", tag);
  if (start == std::string_view::npos || end == std::string_view::npos || end < start) {
    return {};
  }
  return without_entities(trimmed(html.substr(start + 1, end - start - 1)));
}

std::string json_message(std::string_view body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  const auto* const object = error ? nullptr : value.if_object();
  const auto member = [&](std::string_view name) {
    const auto* const found = object == nullptr ? nullptr : object->if_contains(name);
    const auto* const text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string() : std::string(*text);
  };
  std::string message = member("message");
  if (const std::string code = member("technicalCode"); !message.empty() && !code.empty()) {
    message += " [" + code + "]";
  }
  return message;
}

}  // namespace

std::string error_message(std::string_view body) {
  body = trimmed(body);
  std::string message;
  if (body.starts_with('{')) {
    message = json_message(body);
  } else if (body.starts_with('<')) {
    message = html_title(body);
    if (message.empty()) {
      message = html_text(body);
    }
  }
  return message.empty() ? std::string(body) : message;
}

std::string squid_error(const HttpResponse& response) {
  const std::string field = response.header("x-squid-error");  // "ERR_DNS_FAIL 0"
  return field.substr(0, field.find(' '));
}

}  // namespace renewd::http
