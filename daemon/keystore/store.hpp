// Where the gateway's keystore lives. A derived class reads, replaces and watches it (FileStore: a file); this one
// interprets the content.
//
// Opening a keystore derives keys from its password, which takes a processor up to a second, so each content is opened
// once and then remembered, without its private key. Not thread-safe: one renewal after the other uses a store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "certificate/digest.hpp"
#include "certificate/keystore.hpp"
#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"
#include "core/secret.hpp"

namespace renewd::keystore {

struct InstalledKeystore {
  std::string bytes;
  certificate::Keystore keystore;  // without its private key
  Secret password;                 // empty when none is configured
};

class Store {
 public:
  explicit Store(configuration::KeystoreSettings settings) : settings_(std::move(settings)) {}
  virtual ~Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // The place, for messages.
  virtual std::string describe() const = 0;
  virtual bool exists() const = 0;
  // When the file at this place was last changed or replaced, or a symbolic link on the way to it; nothing if unknown.
  virtual std::optional<TimePoint> placed_at() const { return std::nullopt; }
  // Error kind: disk.
  virtual Result<std::string> read_bytes() const = 0;
  // Replaces `expected` by `bytes`, durably and atomically. A keystore that was replaced externally in the meantime is
  // not overwritten. Errors: busy (for that), disk.
  virtual Result<void> replace(std::string_view expected, std::string_view bytes) = 0;
  // Whether replace() could succeed, without changing anything. Error kind: disk.
  virtual Result<void> check_replaceable() const = 0;
  // The same, then tries every step of replace() with a temporary file. Error kind: disk.
  virtual Result<void> rehearse_replacement() = 0;

  // From now on changed() returns when the keystore may have been replaced; also when it was between two calls.
  virtual void watch(const boost::asio::any_io_executor& executor) = 0;
  virtual boost::asio::awaitable<void> changed() = 0;
  // Why it cannot be watched, once; nothing when it is.
  virtual std::optional<std::string> new_watch_problem() = 0;

  // The keystore as it is now. The message distinguishes a wrong password from a damaged file; a file of another type
  // than configured is an error, too. Error kind: disk.
  Result<InstalledKeystore> read();
  // The same for bytes that were or will be installed.
  Result<InstalledKeystore> open(std::string bytes);
  // The private key in it, if any, for a certificate that came without one. Opens the keystore again.
  std::optional<certificate::PrivateKey> private_key(const InstalledKeystore& installed) const;
  // Remembers a keystore that was opened elsewhere, with the same password, so that it is not opened again.
  void remember(const InstalledKeystore& opened);

 protected:
  const configuration::KeystoreSettings& settings() const { return settings_; }

 private:
  // With another password the same bytes may not open.
  struct Content {
    certificate::Digest bytes;
    certificate::Digest password;
    bool operator==(const Content&) const = default;
  };
  struct Known {
    Content content;
    certificate::Keystore keystore;
  };
  static Content content_of(std::string_view bytes, const Secret& password);
  Result<Secret> read_password() const;

  configuration::KeystoreSettings settings_;
  std::vector<Known> known_;  // the latest first
};

// The certificates of keystore.ca_file; empty if it is not configured. Error kind: disk.
Result<std::vector<certificate::Certificate>> read_trusted(const Filesystem& filesystem,
                                                           const configuration::KeystoreSettings& settings);

}  // namespace renewd::keystore
