// What etcd sends: responses, and the stream of a watch, however the network cuts it. Nothing in it may do more harm
// than an error. The first byte of the input says where the second cut is.
#include <boost/asio/io_context.hpp>

#include "core/text.hpp"
#include "fleet/etcd_session.hpp"
#include "fleet/etcd_watch.hpp"
#include "fleet/gateway_error.hpp"
#include "fleet/gateway_json.hpp"
#include "input.hpp"

namespace {

using namespace renewd;
using namespace renewd::fleet;
using renewd::fuzz::expect;

void expect_usable(const Snapshot& snapshot) {
  expect(snapshot.values.size() <= kKeyLimit);
  for (const KeyValue& value : snapshot.values) {
    expect(!value.key.empty() && value.mod_revision > 0);
  }
}

void read_responses(std::string_view bytes) {
  if (const auto read = parse_read(bytes)) {
    expect_usable(read->snapshot);
  }
  if (const auto committed = parse_commit(bytes)) {
    expect_usable(committed->current);
    expect(!committed->succeeded || committed->current.values.empty());
  }
  if (const auto lease = parse_grant(bytes)) {
    expect(*lease != 0);
  }
  (void)parse_keep_alive(bytes);
  if (const auto token = parse_token(bytes)) {
    expect(!token->empty());
  }
  const Explained explained = explain(parse_error(400, bytes));
  expect(escaped(explained.error.message) == explained.error.message);
}

void read_lines(std::string_view bytes, std::size_t cut) {
  std::vector<std::string> lines;
  Lines whole;
  Lines halves;
  lines = whole.add(bytes).value_or(lines);
  auto first = halves.add(bytes.substr(0, cut)).value_or(std::vector<std::string>());
  const auto second = halves.add(bytes.substr(cut)).value_or(std::vector<std::string>());
  first.insert(first.end(), second.begin(), second.end());
  expect(first == lines && whole.rest() == halves.rest());
  for (const std::string& line : lines) {
    const auto parsed = parse_watch_line(line);
    const auto* const changes = parsed ? std::get_if<std::vector<Changes>>(&*parsed) : nullptr;
    for (std::size_t i = 1; changes != nullptr && i < changes->size(); ++i) {
      expect((*changes)[i - 1].revision < (*changes)[i].revision);
    }
  }
}

// What a watch of revision 5 on makes of a stream that comes in two pieces.
struct Watched {
  std::vector<Revision> revisions;
  std::vector<std::string> puts;
  std::string ended;

  bool operator==(const Watched&) const = default;
};

Watched watch(std::string_view bytes, std::size_t cut) {
  static boost::asio::io_context loop;
  static const EtcdSession session(loop.get_executor(), {.endpoints = {"http://127.0.0.1:2379"}}, "host", {});
  constexpr Revision kFirst = 5;
  Watched watched;
  EtcdWatch watch(session, kFirst, "\"7\"", [&watched](const Changes& changes) {
    watched.revisions.push_back(changes.revision);
    for (const KeyValue& put : changes.puts) {
      watched.puts.push_back(put.key + "=" + put.value);
    }
  });
  if (watch.take(bytes.substr(0, cut)) == http::Flow::more && watch.take(bytes.substr(cut)) == http::Flow::more) {
    watch.finish();
  }
  expect(watch.ended().has_value());
  watched.ended = watch.ended()->error.message;
  expect(escaped(watched.ended) == watched.ended);
  // In order, none twice, and none older than the first that was asked for.
  for (std::size_t i = 0; i < watched.revisions.size(); ++i) {
    expect(watched.revisions[i] >= (i == 0 ? kFirst : watched.revisions[i - 1] + 1));
  }
  return watched;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(fuzz::text_of(data, size));
  const std::size_t where = input.byte();
  const std::string_view bytes = input.rest();
  const std::size_t cut = bytes.size() * where / 256;
  read_responses(bytes);
  read_lines(bytes, cut);
  expect(watch(bytes, bytes.size()) == watch(bytes, cut));
  return 0;
}
