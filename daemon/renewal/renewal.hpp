// One renewal, in two stages: obtain() requests a certificate, stores the answer and judges it; deploy() installs it,
// and activates and verifies the gateway. Each takes the certificate's lock.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "renewal/context.hpp"
#include "renewal/deploy.hpp"
#include "renewal/gate.hpp"
#include "renewal/obtain.hpp"
#include "renewal/share.hpp"

namespace renewd::renewal {

// The holder of the lock during unfinished().
inline constexpr std::string_view kCheckingHolder = "checking";

class Renewal {
 public:
  // `requests_per_day` limits the requests of all processes together. `settings` must outlive this object.
  Renewal(RenewalContext context, const configuration::CertificateSettings& settings,
          const std::filesystem::path& state_directory, unsigned requests_per_day);

  // Called on the event loop when a keystore has been installed, the renewed or the previous one, before the gateway is
  // activated.
  void on_installed(Installed installed) { work_.on_installed = std::move(installed); }
  // Called (on any thread) before a certificate is installed, and for one that was installed externally, once that is
  // logged.
  void on_expected(Expected expected) { work_.on_expected = std::move(expected); }
  // Before each request is sent.
  void before_sending(http::BeforeSending asks) { obtain_.before_sending(std::move(asks)); }

  // See load_unfinished(). Errors: busy, disk.
  Result<std::optional<Record>> unfinished();
  // What the journal says, without checking anything else.
  std::optional<Record> recorded() const { return work_.journal.peek(); }
  std::optional<std::chrono::sys_seconds> in_use_until(const Record& record) const;
  // Whether there is an answer that could not be stored, and would be lost with this object.
  bool holds_answer() const { return obtain_.holds_answer(); }
  // When any process requested a certificate within the last day; oldest first.
  // None while it holds an answer, which needs no request.
  std::vector<TimePoint> requests(TimePoint now) {
    return holds_answer() ? std::vector<TimePoint>() : work_.requests.load(now);
  }

  // `holder` is named to other processes that want the lock. Error busy: another process holds it.
  boost::asio::awaitable<Result<std::optional<Judged>>> obtain(std::string holder);
  // Whether a certificate could be requested now, without requesting one. Errors: those of obtain() before the request.
  boost::asio::awaitable<Result<void>> rehearse(std::string holder);
  // The certificate of the answer that waits to be installed, judged again; nothing if there is none. Errors: those of
  // obtain().
  boost::asio::awaitable<Result<std::optional<certificate::Certificate>>> judge(std::string holder);
  // For hosts that share a certificate: see share.hpp. Adopting fails with kind busy while a renewal is under way.
  boost::asio::awaitable<Result<certificate::Certificate>> adopt(std::string holder, std::optional<Secret> answer,
                                                                 Secret identity, std::string fingerprint);
  boost::asio::awaitable<Result<Shareable>> share();
  boost::asio::awaitable<Result<void>> drop_answer(std::string holder);
  // `judged` comes from an obtain() right before; without it, a renewal is resumed.
  boost::asio::awaitable<Result<Completed>> deploy(std::string holder, std::optional<Judged> judged);
  // Both, under one lock, or the rest of an unfinished renewal.
  boost::asio::awaitable<Result<Completed>> run(std::string holder);

  // By hand: see by_hand.hpp.
  boost::asio::awaitable<Result<Completed>> activate_installed(std::string holder);
  boost::asio::awaitable<Result<Completed>> restore(std::string holder, std::optional<int> generation);

 private:
  boost::asio::awaitable<Result<std::optional<Record>>> load();

  Workspace work_;
  Gate gate_{work_};
  Obtain obtain_;
  Deploy deploy_{work_, gate_};
};

}  // namespace renewd::renewal
