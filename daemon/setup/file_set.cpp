#include "setup/file_set.hpp"

#include <unistd.h>

#include <cerrno>
#include <set>
#include <string>

#include <fmt/format.h>

#include "core/try.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kDirectoryMode = 0750;
constexpr std::size_t kSizeLimit = std::size_t{1024} * 1024;

fs::path beside(const fs::path& path, std::string_view suffix) {
  return path.parent_path() / fmt::format(".{}.gravitee-renewd{}", path.filename().string(), suffix);
}

// A file on its way to its place: a temporary file, a copy of the old one, and the new one in its place.
struct Step {
  const PlannedFile* file;
  fs::path target;  // where a symbolic link leads
  bool set_aside = false;
  bool in_place = false;
};

class Transaction {
 public:
  Transaction(Filesystem& filesystem, const std::vector<PlannedFile>& files) : filesystem_(filesystem) {
    for (const auto& file : files) {
      const auto followed = filesystem.canonical(file.path);
      steps_.push_back({&file, followed ? *followed : file.path});
    }
  }

  Result<void> check(Existing existing) const {
    for (const Step& step : steps_) {
      if (!filesystem_.exists(step.target)) {
        continue;
      }
      if (existing == Existing::keep) {
        return failure(ErrorKind::disk, fmt::format("{} exists", step.file->path.string()));
      }
      if (auto readable = filesystem_.read(step.target, kSizeLimit); !readable) {
        return tl::unexpected(with_context("replacing", std::move(readable.error())));
      }
    }
    return {};
  }

  Result<void> run() {
    for (Step& step : steps_) {
      if (auto directory = make_directory(step.target.parent_path()); !directory) {
        return undone(std::move(directory.error()));
      }
      const fs::path temporary = beside(step.target, "");
      auto created = filesystem_.remove(temporary);
      if (created) {
        created = filesystem_.create(temporary, step.file->bytes, step.file->attributes);
      }
      if (!created) {
        return undone(std::move(created.error()));
      }
    }
    for (Step& step : steps_) {
      if (auto put = put_in_place(step); !put) {
        return undone(std::move(put.error()));
      }
    }
    for (const Step& step : steps_) {
      if (auto synced = filesystem_.sync_directory(step.target.parent_path()); !synced) {
        return undone(std::move(synced.error()));
      }
    }
    for (const Step& step : steps_) {
      if (step.set_aside) {
        (void)filesystem_.remove(beside(step.target, "-old"));
      }
    }
    return {};
  }

 private:
  Result<void> put_in_place(Step& step) {
    if (filesystem_.exists(step.target)) {
      if (auto copied = set_aside(step.target); !copied) {
        return copied;
      }
      step.set_aside = true;
    }
    auto renamed = filesystem_.rename(beside(step.target, ""), step.target);
    step.in_place = renamed.has_value();
    return renamed;
  }

  // A copy, so that the file itself is never missing.
  Result<void> set_aside(const fs::path& path) {
    TRY_LET(const auto bytes, filesystem_.read(path, kSizeLimit));
    TRY_LET(const auto attributes, filesystem_.attributes(path));
    const fs::path copy = beside(path, "-old");
    auto created = filesystem_.remove(copy);
    return created ? filesystem_.create(copy, bytes, attributes) : created;
  }

  Result<void> make_directory(const fs::path& directory) {
    std::vector<fs::path> missing;
    for (fs::path at = directory; !at.empty() && !filesystem_.exists(at) && at != at.parent_path();
         at = at.parent_path()) {
      missing.push_back(at);
    }
    // Told before, so that an error half-way leaves none of them.
    directories_.insert(missing.begin(), missing.end());
    auto created = filesystem_.create_directories(directory, kDirectoryMode);
    for (const auto& path : missing) {
      // Whoever may read the files must get to them.
      if (created && ::geteuid() == 0 &&
          ::chown(path.c_str(), static_cast<uid_t>(-1), steps_.front().file->attributes.group) != 0) {
        created = system_failure(ErrorKind::disk, "giving a group to " + path.string(), errno);
      }
    }
    return created;
  }

  // The first failure is the one to report.
  tl::unexpected<Error> undone(Error error) {
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      (void)filesystem_.remove(beside(step->target, ""));
      const fs::path old = beside(step->target, "-old");
      if (!step->in_place) {
        (void)filesystem_.remove(old);
      } else if (!step->set_aside) {
        (void)filesystem_.remove(step->target);
      } else if (!filesystem_.rename(old, step->target)) {
        error.message += fmt::format("; the old {} is now {}", step->target.string(), old.string());
      }
    }
    // The deepest first; one that somebody else uses by now stays.
    for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
      ::rmdir(directory->c_str());
    }
    return tl::unexpected(std::move(error));
  }

  Filesystem& filesystem_;
  std::vector<Step> steps_;
  std::set<fs::path> directories_;
};

}  // namespace

Result<void> write_file_set(Filesystem& filesystem, const std::vector<PlannedFile>& files, Existing existing) {
  Transaction transaction(filesystem, files);
  if (auto checked = transaction.check(existing); !checked) {
    return checked;
  }
  return transaction.run();
}

}  // namespace renewd::setup
