// What load balancers and watchdogs ask: whether the daemon lives, and whether it is ready.
#include <memory>

#include <boost/asio/io_context.hpp>

#include "core/clock.hpp"
#include "monitoring/monitoring.hpp"
#include "standings.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::monitoring;
using namespace renewd::testing;

namespace {

class NoOutput final : public EventSink {
 public:
  void write(const Event&) override {}
};

struct Watched {
  Watched() {
    configuration::Settings settings;
    settings.certificates.resize(2);
    settings.certificates[0].name = "production";
    settings.certificates[1].name = "staging";
    monitoring.configure(settings);
  }

  boost::asio::io_context io;
  PosixFilesystem filesystem;
  SystemClock clock;
  EventLog log{std::make_shared<NoOutput>(), clock};
  renewal::Board board;
  std::vector<std::string> stuck;
  Monitoring monitoring{io.get_executor(), nullptr, filesystem, clock, log, board, [this] { return stuck; }};
};

}  // namespace

TEST_CASE("a daemon whose certificates get on is well, and else names those that do not") {
  Watched watched;
  CHECK(watched.monitoring.answer("/healthz").status == 200);
  watched.stuck = {"production", "staging"};
  const Answer answer = watched.monitoring.answer("/healthz");
  CHECK(answer.status == 503);
  CHECK(answer.body == "stuck: production, staging\n");
}

TEST_CASE("a daemon is ready when each certificate has been looked at, and before that names the others") {
  Watched watched;
  CHECK(watched.monitoring.answer("/readyz").body == "not looked at yet: production, staging\n");
  watched.board.publish(standing("staging", 10));
  const Answer answer = watched.monitoring.answer("/readyz");
  CHECK(answer.status == 503);
  CHECK(answer.body == "not looked at yet: production\n");
  watched.board.publish(standing("production", 10));
  CHECK(watched.monitoring.answer("/readyz").status == 200);
}
