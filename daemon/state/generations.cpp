#include "state/generations.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "certificate/keystore.hpp"
#include "core/advice.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "state/state_checks.hpp"
#include "state/state_files.hpp"

namespace renewd::state {
namespace {

constexpr std::size_t kIndexLimit = std::size_t{64} * 1024;

// Other files in the directory are ignored. The limit leaves numbers for later generations.
std::optional<int> generation_number(std::string_view name) {
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number <= 0 || number > kMaxCount) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

Result<std::vector<int>> Generations::numbers() const {
  TRY_LET(auto names, filesystem_.list(paths_.generations()));
  std::vector<int> numbers;
  for (const std::string& name : names) {
    if (const auto number = generation_number(name)) {
      numbers.push_back(*number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<std::string> Generations::read(int number) const {
  return filesystem_.read(path(number), certificate::kKeystoreLimit);
}

Result<bool> Generations::holds(std::string_view keystore) const {
  TRY_LET(const auto stored, numbers());
  return std::ranges::any_of(stored, [&](int number) { return read(number) == keystore; });
}

// Best effort: the details are informational, and a generation without them can still be installed.
std::map<int, CertificateRecord> Generations::index() const {
  std::map<int, CertificateRecord> index;
  const auto text = filesystem_.read(paths_.generations_index(), kIndexLimit);
  if (!text) {
    return index;
  }
  boost::json::error_code error;
  const auto value = boost::json::parse(*text, error);
  if (const auto* object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      const auto number = generation_number(name);
      if (auto certificate = certificate_record(member); number && certificate) {
        index.emplace(*number, std::move(*certificate));
      }
    }
  }
  return index;
}

Result<void> Generations::write_index(const std::map<int, CertificateRecord>& index) {
  boost::json::object object;
  for (const auto& [number, certificate] : index) {
    object[std::to_string(number)] = to_json(certificate);
  }
  return write_state(filesystem_, paths_.generations_index(), json_text(object) + "\n",
                     Durability::process);  // it may be lost without harm
}

Result<std::vector<Generation>> Generations::list() const {
  TRY_LET(const auto stored, numbers());
  const auto details = index();
  std::vector<Generation> generations;
  for (const int number : stored) {
    const auto found = details.find(number);
    generations.push_back({number, found == details.end() ? std::nullopt : std::optional(found->second)});
  }
  return generations;
}

Result<int> Generations::store(std::string_view keystore, const std::optional<CertificateRecord>& certificate,
                               std::optional<int> needed) {
  const auto directory = paths_.generations();
  TRY(filesystem_.create_directories(directory, kStateDirectoryMode));
  TRY_LET(auto stored, numbers());
  const auto indexed = index();
  auto details = indexed;
  if (stored.empty() || read(stored.back()) != keystore) {
    const int number = stored.empty() ? 1 : stored.back() + 1;
    TRY(write_state(filesystem_, directory / std::to_string(number), keystore));
    stored.push_back(number);
  }  // else an earlier attempt may have been interrupted before what follows
  if (certificate) {
    details.insert_or_assign(stored.back(), *certificate);
  }
  for (std::size_t i = 0; i + kGenerationsKept < stored.size(); ++i) {
    if (stored[i] == needed) {
      continue;
    }
    details.erase(stored[i]);
    TRY(filesystem_.remove(directory / std::to_string(stored[i])));
  }
  if (details != indexed) {
    TRY(write_index(details));
  }
  return stored.back();
}

Result<void> keep(Filesystem& filesystem, const StatePaths& paths, std::string_view keystore,
                  const CertificateRecord& certificate) {
  Generations generations(filesystem, paths);
  TRY_LET(const auto stored, generations.list());
  const auto has_it = [&](const Generation& generation) { return generations.read(generation.number) == keystore; };
  const auto newest = std::find_if(stored.rbegin(), stored.rend(), has_it);
  const bool is_older = newest != stored.rend() && newest != stored.rbegin();
  return is_older ? Result<void>() : generations.store(keystore, certificate).map([](int) {});
}

std::string describe(const Generation& generation) {
  return generation.certificate
             ? fmt::format("generation {} (serial {}, valid until {})", generation.number,
                           generation.certificate->serial, format_time(generation.certificate->not_after))
             : fmt::format("generation {}", generation.number);
}

std::optional<CertificateRecord> certificate_of(const Generations& generations, std::optional<int> number) {
  for (auto& generation : generations.list().value_or(std::vector<Generation>())) {
    if (generation.number == number) {
      return std::move(generation.certificate);
    }
  }
  return std::nullopt;
}

std::optional<Generation> longer_lasting(const Generations& generations, std::chrono::sys_seconds installed_until) {
  std::optional<Generation> longest;
  for (auto& generation : generations.list().value_or(std::vector<Generation>())) {
    const auto best = longest ? longest->certificate->not_after : installed_until;
    if (generation.certificate && generation.certificate->not_after > best) {
      longest = std::move(generation);
    }
  }
  return longest;
}

namespace {

// After a roll-back, the newest generation is not the one that expires last.
std::optional<Generation> best_backup(const Generations& generations) {
  const auto stored = generations.list().value_or(std::vector<Generation>());
  const auto expiry = [](const Generation& generation) {
    return generation.certificate ? generation.certificate->not_after : std::chrono::sys_seconds();
  };
  const auto best = std::ranges::max_element(stored.rbegin(), stored.rend(), {}, expiry);
  return best == stored.rend() ? std::nullopt : std::optional(*best);
}

std::string from_the_cloud() {
  return fmt::format(
      "no backup is stored on this host: download a keystore from Gravitee Cloud: {}, \"A keystore "
      "replaced by hand\"",
      kOperationsGuide);
}

}  // namespace

std::string advice_on_missing(const Generations& generations, const std::filesystem::path& keystore) {
  const auto backup = best_backup(generations);
  if (!backup) {
    return "put the keystore back; " + from_the_cloud();
  }
  const auto file = generations.path(backup->number);
  const std::string command = keystore_copy_command(file, keystore);
  return fmt::format(
      "put the keystore back{}; the newest usable backup is {}", command.empty() ? "" : ". As root, run: " + command,
      backup->certificate
          ? fmt::format("{} (valid until {})", file.string(), format_time(backup->certificate->not_after))
          : file.string());
}

std::string advice_on_damaged(const Generations& generations, std::string_view certificate) {
  const auto backup = best_backup(generations);
  return backup ? fmt::format(
                      "if its password is right, the file is damaged: run gravitee-renewd rollback {} --to {}, which "
                      "installs {}",
                      certificate, backup->number, describe(*backup))
                : "if its password is right, the file is damaged, and " + from_the_cloud();
}

Error with_restore_advice(Error error, bool exists, const Generations& generations,
                          const std::filesystem::path& keystore, std::string_view certificate) {
  if (!exists) {
    error.advice = advice_on_missing(generations, keystore);
    return error;
  }
  return with_advice(std::move(error), advice_on_damaged(generations, certificate));
}

}  // namespace renewd::state
