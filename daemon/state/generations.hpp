// Stores the previous keystores, so that a bad replacement can be undone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/filesystem.hpp"
#include "state/certificate_record.hpp"
#include "state/paths.hpp"

namespace renewd::state {

inline constexpr std::size_t kGenerationsKept = 3;

struct Generation {
  int number;
  std::optional<CertificateRecord> certificate;  // if it is known
};

class Generations {
 public:
  // `filesystem` must outlive this object.
  Generations(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Stores a keystore under the next number, durable when it returns, and removes all but the newest three. Bytes that
  // are already the newest generation are not stored twice. `certificate` is the one in it; nothing if it cannot be
  // opened. The generation `needed` is not removed this time. Returns the generation's number.
  Result<int> store(std::string_view keystore, const std::optional<CertificateRecord>& certificate,
                    std::optional<int> needed = std::nullopt);
  // Oldest first.
  Result<std::vector<Generation>> list() const;
  // Whether a generation that can be read has these bytes.
  Result<bool> holds(std::string_view keystore) const;
  // The bytes of a generation, and their file.
  Result<std::string> read(int number) const;
  std::filesystem::path path(int number) const { return paths_.generations() / std::to_string(number); }

 private:
  Result<std::vector<int>> numbers() const;
  std::map<int, CertificateRecord> index() const;
  Result<void> write_index(const std::map<int, CertificateRecord>& index);

  Filesystem& filesystem_;
  StatePaths paths_;
};

// Stores the keystore that the gateway uses, unless a generation has it: somebody may replace it by an older one.
Result<void> keep(Filesystem& filesystem, const StatePaths& paths, std::string_view keystore,
                  const CertificateRecord& certificate);

// "generation 7 (serial …, valid until …)", as far as they are known.
std::string describe(const Generation& generation);
// The certificate in a generation, if both are known.
std::optional<CertificateRecord> certificate_of(const Generations& generations, std::optional<int> number);
// The generation that expires last, if it expires later than the installed certificate.
std::optional<Generation> longer_lasting(const Generations& generations, std::chrono::sys_seconds installed_until);

// How to restore a keystore that is missing, and how to replace one that cannot be opened: by the stored one that
// expires last, or by one from the cloud.
std::string advice_on_missing(const Generations& generations, const std::filesystem::path& keystore);
std::string advice_on_damaged(const Generations& generations, std::string_view certificate);
// The error of reading a keystore, with that advice. Of one that exists, the error may have its own.
Error with_restore_advice(Error error, bool exists, const Generations& generations,
                          const std::filesystem::path& keystore, std::string_view certificate);

}  // namespace renewd::state
