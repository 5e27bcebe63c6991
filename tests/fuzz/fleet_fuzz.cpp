// What etcd sends, and the values that it stores: nothing in them may do more harm than an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/text.hpp"
#include "fleet/gateway_error.hpp"
#include "fleet/gateway_json.hpp"
#include "fleet/records.hpp"

namespace {

using namespace renewd;
using namespace renewd::fleet;

void expect(bool condition) {
  if (!condition) {
    std::abort();
  }
}

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
  }
  (void)parse_grant(bytes);
  (void)parse_keep_alive(bytes);
  (void)parse_token(bytes);
  const Explained explained = explain(parse_error(400, bytes));
  expect(escaped(explained.error.message) == explained.error.message);
}

// However the network cuts them.
void read_watch(std::string_view bytes) {
  std::vector<std::string> lines;
  Lines whole;
  Lines halves;
  lines = whole.add(bytes).value_or(lines);
  auto first = halves.add(bytes.substr(0, bytes.size() / 2)).value_or(std::vector<std::string>());
  const auto second = halves.add(bytes.substr(bytes.size() / 2)).value_or(std::vector<std::string>());
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

// What is accepted is written as it was read.
void read_values(std::string_view bytes) {
  if (const auto renewal = parse_renewal(bytes)) {
    expect(parse_renewal(serialize(*renewal)).value() == *renewal);
  }
  if (const auto rollout = parse_rollout(bytes)) {
    expect(parse_rollout(serialize(*rollout)).value() == *rollout);
  }
  if (const auto member = parse_member(bytes)) {
    expect(parse_member(serialize(*member)).value() == *member);
  }
  (void)parse_published(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_responses(bytes);
  read_watch(bytes);
  read_values(bytes);
  return 0;
}
