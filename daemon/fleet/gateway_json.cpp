#include "fleet/gateway_json.hpp"

#include <charconv>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "core/try.hpp"
#include "fleet/base64.hpp"

namespace renewd::fleet {
namespace {

namespace json = boost::json;

tl::unexpected<StoreError> not_from_etcd(std::string_view what) {
  return tl::unexpected(store_error(Unreachable::bad_answer, fmt::format("the response is not etcd's: {}", what)));
}

StoreResult<json::object> parse_object(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) {
    return not_from_etcd("it is not a JSON object");
  }
  return std::move(value.get_object());
}

const json::object* object_in(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

bool flag_in(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// A string or a number; absent is 0.
StoreResult<std::int64_t> number_in(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  if (value == nullptr) {
    return 0;
  }
  if (const auto* const signed_number = value->if_int64()) {
    return *signed_number;
  }
  if (const auto* const text = value->if_string()) {
    std::int64_t parsed = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), parsed);
    if (error == std::errc() && end == text->data() + text->size()) {
      return parsed;
    }
  }
  return not_from_etcd(fmt::format("{} is not a number", name));
}

StoreResult<std::string> bytes_in(const json::object& object, std::string_view name) {
  auto bytes = decode_base64(text_in(object, name));
  if (!bytes) {
    return not_from_etcd(fmt::format("{} is not base64", name));
  }
  return std::move(*bytes);
}

struct AnswerHeader {
  ClusterId cluster;
  Revision revision;
};

StoreResult<AnswerHeader> header_of(const json::object& answer) {
  const auto* const header = object_in(answer, "header");
  if (header == nullptr) {
    return not_from_etcd("it has no header");
  }
  TRY_LET(const Revision revision, number_in(*header, "revision"));
  // A number in some versions, a string in others.
  const auto* const cluster = header->if_contains("cluster_id");
  return AnswerHeader{cluster == nullptr ? std::string() : json::serialize(*cluster), revision};
}

StoreResult<KeyValue> key_value(const json::object& kv) {
  KeyValue result;
  TRY_LET(result.key, bytes_in(kv, "key"));
  TRY_LET(result.value, bytes_in(kv, "value"));
  TRY_LET(result.mod_revision, number_in(kv, "mod_revision"));
  if (result.key.empty() || result.mod_revision <= 0) {
    return not_from_etcd("a key has no name or no revision");
  }
  return result;
}

// `answer` is that of a range.
StoreResult<Snapshot> snapshot(const json::object& answer, Revision revision) {
  Snapshot result{revision, {}};
  const auto* const found = answer.if_contains("kvs");
  const auto* const kvs = found == nullptr ? nullptr : found->if_array();
  if (flag_in(answer, "more") || (kvs != nullptr && kvs->size() > kKeyLimit)) {
    return tl::unexpected(
        store_error(Unreachable::too_large, fmt::format("there are more than {} keys below the prefix", kKeyLimit)));
  }
  if (kvs == nullptr) {
    return result;
  }
  for (const json::value& kv : *kvs) {
    if (!kv.is_object()) {
      return not_from_etcd("a key is not an object");
    }
    TRY_LET(KeyValue parsed, key_value(kv.get_object()));
    result.values.push_back(std::move(parsed));
  }
  return result;
}

// The response to the only operation of `failure`.
const json::object* range_response(const json::object& answer) {
  const auto* const responses = answer.if_contains("responses");
  const auto* const list = responses == nullptr ? nullptr : responses->if_array();
  if (list == nullptr || list->empty() || !list->front().is_object()) {
    return nullptr;
  }
  return object_in(list->front().get_object(), "response_range");
}

StoreResult<std::vector<Changes>> changes_of(const json::array& events) {
  std::vector<Changes> result;
  for (const json::value& event : events) {
    const auto* const object = event.if_object();
    const auto* const kv = object == nullptr ? nullptr : object_in(*object, "kv");
    if (kv == nullptr) {
      return not_from_etcd("an event has no key");
    }
    TRY_LET(KeyValue change, key_value(*kv));
    if (result.empty() || result.back().revision < change.mod_revision) {
      result.push_back({change.mod_revision, {}, {}});
    } else if (result.back().revision != change.mod_revision) {
      return not_from_etcd("the events are not in order");
    }
    if (text_in(*object, "type") == "DELETE") {
      result.back().deleted.push_back(std::move(change.key));
    } else {
      result.back().puts.push_back(std::move(change));
    }
  }
  return result;
}

}  // namespace

StoreResult<ReadAnswer> parse_read(std::string_view body) {
  TRY_LET(const json::object answer, parse_object(body));
  TRY_LET(AnswerHeader header, header_of(answer));
  TRY_LET(Snapshot read, snapshot(answer, header.revision));
  return ReadAnswer{std::move(header.cluster), std::move(read)};
}

StoreResult<Committed> parse_commit(std::string_view body) {
  TRY_LET(const json::object answer, parse_object(body));
  TRY_LET(const AnswerHeader header, header_of(answer));
  Committed result{flag_in(answer, "succeeded"), header.revision, {header.revision, {}}};
  const auto* const read = range_response(answer);
  if (!result.succeeded && read != nullptr) {
    TRY_LET(result.current, snapshot(*read, header.revision));
  }
  return result;
}

StoreResult<LeaseId> parse_grant(std::string_view body) {
  TRY_LET(const json::object answer, parse_object(body));
  TRY_LET(const LeaseId id, number_in(answer, "ID"));
  if (id == 0) {
    return not_from_etcd("the lease has no ID");
  }
  return id;
}

StoreResult<bool> parse_keep_alive(std::string_view body) {
  TRY_LET(const json::object answer, parse_object(body.substr(0, body.find('\n'))));
  const auto* const result = object_in(answer, "result");
  if (result == nullptr) {
    return not_from_etcd("it has no result");
  }
  TRY_LET(const std::int64_t time_to_live, number_in(*result, "TTL"));
  return time_to_live > 0;
}

StoreResult<Secret> parse_token(std::string_view body) {
  TRY_LET(const json::object answer, parse_object(body));
  Secret token(text_in(answer, "token"));
  if (token.empty()) {
    return not_from_etcd("it has no token");
  }
  return token;
}

StoreResult<WatchLine> parse_watch_line(std::string_view line) {
  TRY_LET(const json::object answer, parse_object(line));
  if (answer.contains("error")) {
    return WatchLine(parse_error(0, line));
  }
  const auto* const result = object_in(answer, "result");
  if (result == nullptr) {
    return not_from_etcd("it has no result");
  }
  if (flag_in(*result, "canceled")) {
    TRY_LET(const Revision compacted, number_in(*result, "compact_revision"));
    return WatchLine(WatchCanceled{text_in(*result, "cancel_reason"), compacted});
  }
  if (flag_in(*result, "created")) {
    TRY_LET(AnswerHeader header, header_of(*result));
    return WatchLine(WatchCreated{std::move(header.cluster), header.revision});
  }
  const auto* const events = result->if_contains("events");
  if (events == nullptr || !events->is_array()) {
    return WatchLine(std::vector<Changes>());
  }
  TRY_LET(auto changes, changes_of(events->get_array()));
  return WatchLine(std::move(changes));
}

StoreResult<std::vector<std::string>> Lines::add(std::string_view piece) {
  std::vector<std::string> lines;
  for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    unfinished_ += piece.substr(0, end);
    piece.remove_prefix(end + 1);
    if (unfinished_.find_first_not_of(" \r\t") != std::string::npos) {
      lines.push_back(std::exchange(unfinished_, {}));
    }
    unfinished_.clear();
  }
  if (unfinished_.size() + piece.size() > kResponseLimit) {
    return tl::unexpected(store_error(Unreachable::too_large, "a line of the watch is too long"));
  }
  unfinished_ += piece;
  return lines;
}

}  // namespace renewd::fleet
