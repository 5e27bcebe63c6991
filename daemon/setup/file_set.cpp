#include "setup/file_set.hpp"

#include <unistd.h>

#include <cerrno>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/try.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kDirectoryMode = 0750;
constexpr std::size_t kSizeLimit = std::size_t{1024} * 1024;

struct Step {
  const PlannedFile* file;
  fs::path target;  // of a symbolic link
  bool backed_up = false;
  bool in_place = false;

  fs::path temporary() const { return beside(""); }
  // A copy of the previous file: the file itself is never missing, and restoring it needs no disk space.
  fs::path previous() const { return beside("-old"); }

 private:
  fs::path beside(std::string_view suffix) const {
    return target.parent_path() / fmt::format(".{}.gravitee-renewd{}", target.filename().string(), suffix);
  }
};

class Transaction {
 public:
  Transaction(Filesystem& filesystem, const std::vector<PlannedFile>& files) : filesystem_(filesystem) {
    for (const auto& file : files) {
      steps_.push_back({&file, filesystem.canonical(file.path).value_or(file.path)});
    }
  }

  // Needs disk space only before the first change.
  Result<void> run() {
    for (Step& step : steps_) {
      TRY(back_up(step));
    }
    for (const Step& step : steps_) {
      TRY(make_directory(step.target.parent_path()));
      TRY(filesystem_.remove(step.temporary()));
      TRY(filesystem_.create(step.temporary(), step.file->bytes, step.file->attributes, Durability::content));
    }
    for (Step& step : steps_) {
      TRY(filesystem_.rename(step.temporary(), step.target));
      step.in_place = true;
    }
    for (const Step& step : steps_) {
      TRY(filesystem_.sync_directory(step.target.parent_path()));
    }
    for (const Step& step : steps_) {
      if (step.backed_up) {
        (void)filesystem_.remove(step.previous());
      }
    }
    return {};
  }

  // Appends to the error what could not be undone.
  Error undo(Error error) {
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      (void)filesystem_.remove(step->temporary());
      if (!step->in_place) {
        (void)filesystem_.remove(step->previous());
      } else if (!step->backed_up) {
        (void)filesystem_.remove(step->target);
      } else if (!filesystem_.rename(step->previous(), step->target)) {
        error.message +=
            fmt::format("; the previous {} is still in {}", step->target.string(), step->previous().string());
      }
    }
    // The deepest first; rmdir keeps those that are in use by now.
    for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
      ::rmdir(directory->c_str());
    }
    return error;
  }

 private:
  Result<void> back_up(Step& step) {
    if (filesystem_.exists(step.target)) {
      TRY_LET(const std::string bytes, filesystem_.read(step.target, kSizeLimit).map_error([](Error error) {
        return with_context("replacing", std::move(error));
      }));
      TRY_LET(const auto attributes, filesystem_.attributes(step.target));
      TRY(filesystem_.remove(step.previous()));
      TRY(filesystem_.create(step.previous(), bytes, attributes, Durability::content));
      step.backed_up = true;
    }
    return {};
  }

  Result<void> make_directory(const fs::path& directory) {
    std::vector<fs::path> missing;
    for (fs::path at = directory; !at.empty() && !filesystem_.exists(at) && at != at.parent_path();
         at = at.parent_path()) {
      missing.push_back(at);
    }
    // Recorded first, so that undo() also removes those before an error.
    directories_.insert(missing.begin(), missing.end());
    TRY(filesystem_.create_directories(directory, kDirectoryMode));
    for (const auto& path : missing) {
      // The group that may read the files must have access to their directories.
      if (::geteuid() == 0 &&
          ::chown(path.c_str(), static_cast<uid_t>(-1), steps_.front().file->attributes.group) != 0) {
        return system_failure(ErrorKind::disk, "setting the group of " + path.string(), errno);
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
