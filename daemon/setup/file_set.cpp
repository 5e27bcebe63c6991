#include "setup/file_set.hpp"

#include <unistd.h>

#include <cerrno>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/secret.hpp"
#include "core/try.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kDirectoryMode = 0750;
constexpr std::size_t kSizeLimit = std::size_t{1024} * 1024;

// What a file was before.
struct Previous {
  Secret bytes;
  FileAttributes attributes;
};

struct Step {
  const PlannedFile* file;
  fs::path target;  // where a symbolic link leads
  std::optional<Previous> previous;
  bool in_place = false;

  fs::path temporary() const {
    return target.parent_path() / fmt::format(".{}.gravitee-renewd", target.filename().string());
  }
};

class Transaction {
 public:
  Transaction(Filesystem& filesystem, const std::vector<PlannedFile>& files) : filesystem_(filesystem) {
    for (const auto& file : files) {
      steps_.push_back({&file, filesystem.canonical(file.path).value_or(file.path), {}});
    }
  }

  // What needs space comes first, while nothing has changed.
  Result<void> run() {
    for (Step& step : steps_) {
      TRY(remember(step));
    }
    for (const Step& step : steps_) {
      TRY(make_directory(step.target.parent_path()));
      TRY(filesystem_.remove(step.temporary()));
      TRY(filesystem_.create(step.temporary(), step.file->bytes, step.file->attributes));
    }
    for (Step& step : steps_) {
      TRY(filesystem_.rename(step.temporary(), step.target));
      step.in_place = true;
    }
    for (const Step& step : steps_) {
      TRY(filesystem_.sync_directory(step.target.parent_path()));
    }
    return {};
  }

  // Adds to the error what could not be undone.
  Error undo(Error error) {
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      (void)filesystem_.remove(step->temporary());
      if (step->in_place && !step->previous) {
        (void)filesystem_.remove(step->target);
      } else if (step->in_place &&
                 !write_durably(filesystem_, step->target, step->previous->bytes.view(), step->previous->attributes)) {
        error.message += fmt::format("; {} could not be restored", step->target.string());
      }
    }
    // The deepest first; one that somebody else uses by now stays.
    for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
      ::rmdir(directory->c_str());
    }
    return error;
  }

 private:
  Result<void> remember(Step& step) const {
    if (filesystem_.exists(step.target)) {
      auto bytes = filesystem_.read(step.target, kSizeLimit);
      TRY(bytes.map_error([](Error error) { return with_context("replacing", std::move(error)); }));
      TRY_LET(auto attributes, filesystem_.attributes(step.target));
      step.previous = Previous{Secret(*bytes), std::move(attributes)};
    }
    return {};
  }

  Result<void> make_directory(const fs::path& directory) {
    std::vector<fs::path> missing;
    for (fs::path at = directory; !at.empty() && !filesystem_.exists(at) && at != at.parent_path();
         at = at.parent_path()) {
      missing.push_back(at);
    }
    // Noted before, so that an error half-way leaves none of them.
    directories_.insert(missing.begin(), missing.end());
    TRY(filesystem_.create_directories(directory, kDirectoryMode));
    for (const auto& path : missing) {
      // Whoever may read the files must get to them.
      if (::geteuid() == 0 &&
          ::chown(path.c_str(), static_cast<uid_t>(-1), steps_.front().file->attributes.group) != 0) {
        return system_failure(ErrorKind::disk, "giving a group to " + path.string(), errno);
      }
    }
    return {};
  }

  Filesystem& filesystem_;
  std::vector<Step> steps_;
  std::set<fs::path> directories_;
};

}  // namespace

Result<void> write_file_set(Filesystem& filesystem, const std::vector<PlannedFile>& files) {
  Transaction transaction(filesystem, files);
  return transaction.run().map_error([&](Error error) { return transaction.undo(std::move(error)); });
}

}  // namespace renewd::setup
