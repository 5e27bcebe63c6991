// The first stage of a renewal: request a certificate, store the answer before anything parses it, and judge it.
// Nothing is installed.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "renewal/context.hpp"
#include "renewal/gate.hpp"

namespace renewd::renewal {

class Obtain {
 public:
  // `requests_per_day` limits the requests of all processes together. `work` and `gate` must outlive this object.
  Obtain(Workspace& work, Gate& gate, unsigned requests_per_day)
      : work_(work), gate_(gate), requests_per_day_(requests_per_day) {}

  // Before each request is sent.
  void before_sending(http::BeforeSending asks) { before_sending_ = std::move(asks); }

  // Performs this stage, starting from the record that load_unfinished() returned. The caller holds the lock. Nothing
  // if the answer has already been judged and is being installed. Errors: those of a request, bad_answer, disk.
  boost::asio::awaitable<Result<std::optional<Judged>>> run(std::optional<Record> record);

  // Whether a request would be possible now: anything that would stop the renewal after the answer stops it before.
  // Returns the credential of the request. The caller holds the lock.
  boost::asio::awaitable<Result<Secret>> check_request(TimePoint now);

  // Whether there is an answer that could not be stored, and would be lost with this object.
  bool holds_answer() const { return unstored_answer_.has_value(); }

 private:
  boost::asio::awaitable<Result<Record>> request();
  Result<void> check_host();
  Result<Record> begin(TimePoint now);
  void compare_clocks(std::optional<std::chrono::sys_seconds> server_time, TimePoint asked);
  Result<Record> store(Record record, std::string answer);

  Workspace& work_;
  Gate& gate_;
  unsigned requests_per_day_;
  http::BeforeSending before_sending_;
  // It must not be lost while this process lives.
  std::optional<std::string> unstored_answer_;
};

}  // namespace renewd::renewal
