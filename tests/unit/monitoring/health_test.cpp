// /healthz and /readyz.
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
  report::StatusBoard board;
  std::vector<std::string> stuck;
  Monitoring monitoring{io.get_executor(), nullptr, filesystem, clock, log, board, [this] { return stuck; }};
};

}  // namespace

TEST_CASE("/healthz is 200 unless work is stuck, and then names the certificates") {
  Watched watched;
  CHECK(watched.monitoring.respond("/healthz").status == 200);
  watched.stuck = {"production", "staging"};
  const Response response = watched.monitoring.respond("/healthz");
  CHECK(response.status == 503);
  CHECK(response.body == "stuck: production, staging\n");
  CHECK_THAT(watched.monitoring.respond("/").body, ContainsSubstring("Work on 2 certificates is stuck"));
}

TEST_CASE("/healthz lists what is wrong with certificates, and stays 200: a restart would not help them") {
  Watched watched;
  CHECK(watched.monitoring.respond("/healthz").body == "ok\n");
  auto broken = standing("production", 10);
  broken.outlook = failure(ErrorKind::disk, "reading /srv/keystore.p12: Permission denied\nand more");
  watched.board.publish(std::move(broken));
  const Response response = watched.monitoring.respond("/healthz");
  CHECK(response.status == 200);
  CHECK_THAT(response.body,
             StartsWith("ok\nCRITICAL production: reading /srv/keystore.p12: Permission denied and more"));
  watched.stuck = {"staging"};
  CHECK(watched.monitoring.respond("/healthz").status == 503);
  CHECK_THAT(watched.monitoring.respond("/healthz").body, StartsWith("stuck: staging\nCRITICAL production: "));
}

TEST_CASE("/readyz is 503 and names the unchecked certificates until all have been checked") {
  Watched watched;
  CHECK(watched.monitoring.respond("/readyz").body == "not checked yet: production, staging\n");
  watched.board.publish(standing("staging", 10));
  const Response response = watched.monitoring.respond("/readyz");
  CHECK(response.status == 503);
  CHECK(response.body == "not checked yet: production\n");
  watched.board.publish(standing("production", 10));
  CHECK(watched.monitoring.respond("/readyz").status == 200);
}
