#include "fleet/local_record.hpp"

#include <boost/json.hpp>

#include "core/json_text.hpp"
#include "state/state_checks.hpp"
#include "state/state_files.hpp"

namespace renewd::fleet {
namespace {

namespace json = boost::json;

constexpr std::size_t kLimit = std::size_t{64} * 1024;
constexpr std::int64_t kMaxGeneration = std::int64_t{1} << 53;

std::optional<std::string> fingerprint_in(const json::object& object, const char* name) {
  const auto* const value = object.if_contains(name);
  const auto* const text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr || (!text->empty() && !state::is_hexadecimal(*text))) {
    return std::nullopt;
  }
  return std::string(*text);
}

std::optional<std::uint64_t> number(const json::object& object, const char* name) {
  const auto* const value = object.if_contains(name);
  json::error_code error;
  const auto number = value == nullptr ? -1 : value->to_number<std::int64_t>(error);
  return error || number < 0 || number > kMaxGeneration ? std::nullopt
                                                        : std::optional(static_cast<std::uint64_t>(number));
}

}  // namespace

LocalRecordStore::LocalRecordStore(Filesystem& filesystem, const state::StatePaths& paths)
    : filesystem_(filesystem), file_(paths.fleet()) {}

LocalRecord LocalRecordStore::load() const {
  const auto text = filesystem_.read(file_, kLimit);
  if (!text) {
    return {};
  }
  json::error_code error;
  const json::value value = json::parse(*text, error);
  const auto* const object = error ? nullptr : value.if_object();
  if (object == nullptr) {
    return {};
  }
  auto fingerprint = fingerprint_in(*object, "fingerprint");
  auto declined = fingerprint_in(*object, "declined");
  const auto generation = number(*object, "generation");
  const auto highest = number(*object, "highest");
  const auto rolled_back = number(*object, "rolled_back");
  if (!fingerprint || !declined || !generation || !highest || !rolled_back || *rolled_back > state::kMaxCount) {
    return {};
  }
  return {std::move(*fingerprint), *generation, *highest, static_cast<int>(*rolled_back), std::move(*declined)};
}

Result<void> LocalRecordStore::save(const LocalRecord& record) {
  const json::object object{{"v", 1},
                            {"fingerprint", record.fingerprint},
                            {"generation", record.generation},
                            {"highest", record.highest},
                            {"rolled_back", record.rolled_back},
                            {"declined", record.declined}};
  return state::write_state(filesystem_, file_, json_text(object) + "\n");
}

}  // namespace renewd::fleet
