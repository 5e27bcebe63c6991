// A keystore that is a file of this host, as Gravitee's gateway reads it.
#pragma once

#include <optional>

#include "core/file_watch.hpp"
#include "core/filesystem.hpp"
#include "keystore/store.hpp"

namespace renewd::keystore {

class FileStore final : public Store {
 public:
  // `filesystem` must outlive this object.
  FileStore(Filesystem& filesystem, configuration::KeystoreSettings settings)
      : Store(std::move(settings)), filesystem_(filesystem) {}

  std::string describe() const override { return settings().path.string(); }
  bool exists() const override { return filesystem_.exists(settings().path); }
  std::optional<TimePoint> placed_at() const override;
  Result<std::string> read_bytes() const override;
  Result<void> replace(std::string_view expected, std::string_view bytes) override;
  Result<void> check_replaceable() const override;
  Result<void> rehearse_replacement() override;
  void watch(const boost::asio::any_io_executor& executor) override { watch_.emplace(executor, settings().path); }
  boost::asio::awaitable<void> changed() override { return watch_->changed(); }
  std::optional<std::string> new_watch_problem() override { return watch_->new_problem(); }

 private:
  Filesystem& filesystem_;
  std::optional<FileWatch> watch_;
};

}  // namespace renewd::keystore
