// The values that a fleet stores in etcd, as an attacker with access to it may write them, and what is sealed: changed
// anywhere, it does not open. The first byte of the input says what the rest is.
#include <boost/json.hpp>

#include "core/text.hpp"
#include "fleet/records.hpp"
#include "fleet/sealed.hpp"
#include "fleet/view.hpp"
#include "input.hpp"

namespace {

using namespace renewd;
using namespace renewd::fleet;
using renewd::fuzz::expect;

constexpr std::string_view kAccount = "7b6f41d3-7118-41e9-af41-d3711801e973";

// A refusal is for the log.
void expect_printable(const RefusedValue& refused) {
  expect(escaped(refused.message) == refused.message);
}

// What is accepted is read again as it is written.
template <typename Record>
void read(std::string_view bytes, Accepted<Record> (*parse)(std::string_view)) {
  if (const auto record = parse(bytes)) {
    const std::string written = serialize(*record);
    expect(written.find('\n') == std::string::npos);
    expect(parse(written).value() == *record);
  } else {
    expect_printable(record.error());
  }
}

FleetKey key_of(char digit) {
  return FleetKey::parse(Secret(std::string(64, digit))).value();
}

void read_published(std::string_view bytes) {
  const auto published = parse_published(bytes);
  if (!published) {
    expect_printable(published.error());
    return;
  }
  expect(parse_published(serialize(*published)).value() == *published);
  // Nobody has sealed it with this key.
  const auto opened = open({key_of('a')}, "/gravitee", kAccount, *published);
  expect(!opened);
  expect_printable(opened.error());
}

// Seals, with the input as the answer, and changes a byte of what is published: the answer opens as it was, or not at
// all.
void seal_and_change(std::string_view bytes) {
  fuzz::Input input(bytes);
  const std::size_t at = input.number(2);
  const std::uint8_t change = input.byte();
  const Header header{.account = std::string(kAccount),
                      .generation = 3,
                      .published_by = "gateway-1/production",
                      .claim = "alone",
                      .certificate = {"AB12", "CD34", {}, {}}};
  // Without a PEM file that fits the header nothing opens, so that the key and the tag alone decide which error.
  const Contents contents{Secret(input.rest()), Secret("no PEM")};
  const auto sealed = seal(key_of('a'), "/gravitee/1/a/generation", header, contents);
  expect(sealed.has_value());
  std::string text = serialize(*sealed);
  expect(parse_published(text).value() == *sealed);
  const auto why = [](const Published& published, const FleetKey& key, std::string_view path) {
    const auto opened = open({key}, path, kAccount, published);
    expect(!opened);
    expect_printable(opened.error());
    return std::pair(opened.error().refusal, opened.error().message.find("not the certificate") != std::string::npos);
  };
  constexpr std::string_view kPath = "/gravitee/1/a/generation";
  expect(why(*sealed, key_of('a'), kPath) == std::pair(Refusal::tampered, true));
  expect(why(*sealed, key_of('b'), kPath) == std::pair(Refusal::wrong_key, false));
  expect(why(*sealed, key_of('a'), "/gravitee/1/b/generation") == std::pair(Refusal::tampered, false));
  if (change == 0) {
    return;
  }
  auto& byte = text[at % text.size()];
  byte = static_cast<char>(byte ^ static_cast<char>(change));
  if (const auto changed = parse_published(text); changed && *changed != *sealed) {
    expect(!why(*changed, key_of('a'), kPath).second);
  }
}

// A view is the same whether its keys were read at once, or came one by one.
void read_view(std::string_view bytes) {
  const Keys keys("/gravitee", kAccount);
  Snapshot all{1, {}};
  View step = view_of({0, {}}, keys);
  for (fuzz::Input input(bytes); !input.empty() && all.values.size() < 20;) {
    const std::string key = keys.base() + std::string(input.line());
    const std::string value(input.line());
    if (std::ranges::find(all.values, key, &KeyValue::key) != all.values.end()) {
      continue;
    }
    const KeyValue put{key, value, ++all.revision};
    all.values.push_back(put);
    apply({put.mod_revision, {put}, {}}, keys, step);
  }
  const View whole = view_of(all, keys);
  expect(whole.renewal.revision == step.renewal.revision && whole.renewal.value == step.renewal.value);
  expect(whole.generation.revision == step.generation.revision && whole.generation.value == step.generation.value);
  expect(whole.rollout.revision == step.rollout.revision && whole.rollout.value == step.rollout.value);
  expect(whole.conflicts == step.conflicts && whole.members.size() == step.members.size());
  for (const auto& [name, member] : whole.members) {
    expect(is_member_name(name) && escaped(name) == name);
    expect(step.members.at(name).value == member.value && step.members.at(name).revision == member.revision);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes = fuzz::text_of(data, size).substr(1);
  // Letters, so that a seed is a text.
  switch (data[0]) {
    case 'r':
      read<RenewalRecord>(bytes, parse_renewal);
      break;
    case 'o':
      read<Rollout>(bytes, parse_rollout);
      break;
    case 'm':
      read<MemberRecord>(bytes, parse_member);
      break;
    case 'p':
      read_published(bytes);
      break;
    case 's':
      seal_and_change(bytes);
      break;
    case 'v':
      read_view(bytes);
      break;
    default:
      break;
  }
  return 0;
}
