// The last keystores that were installed, kept so that a bad replacement can be undone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/filesystem.hpp"
#include "installation/certificate_record.hpp"
#include "installation/state.hpp"

namespace renewd::installation {

inline constexpr std::size_t kGenerationsKept = 3;

struct Generation {
  int number;
  std::optional<CertificateRecord> certificate;  // nothing when it is not known
};

class Generations {
 public:
  // `filesystem` must outlive this object.
  Generations(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Keeps a keystore's bytes under the next number, durable when it returns, and forgets all but the newest three.
  // Bytes that the newest generation already holds are not kept twice. `certificate` is what is in it; nothing when it
  // cannot be opened. `needed`, when it is not 0, is not forgotten this time. Returns the generation's number.
  Result<int> keep(std::string_view keystore, const std::optional<CertificateRecord>& certificate, int needed = 0);
  // Those that are kept, oldest first.
  Result<std::vector<Generation>> list() const;
  // Whether a generation holds these bytes.
  bool holds(std::string_view keystore) const;
  // The bytes of a generation, and the file that holds them.
  Result<std::string> read(int number) const;
  std::filesystem::path path(int number) const { return paths_.generations() / std::to_string(number); }

 private:
  Result<std::vector<int>> numbers() const;
  std::map<int, CertificateRecord> index() const;
  Result<void> write_index(const std::map<int, CertificateRecord>& index);

  Filesystem& filesystem_;
  StatePaths paths_;
};

// One generation in a sentence: number, serial and end, as far as they are known.
std::string describe(const Generation& generation);
// The certificate in a generation; nothing without such a generation, or where its certificate is not known.
std::optional<CertificateRecord> certificate_of(const Generations& generations, std::optional<int> number);
// The generation that lasts the longest, where it outlasts the installed certificate; nothing when none does.
std::optional<Generation> longer_lasting(const Generations& generations, std::chrono::sys_seconds installed_until);

// How a keystore that is gone gets back into its place: only a person knows whose it was, and which mode it had.
std::string way_back(const Generations& generations);

}  // namespace renewd::installation
