#include "support/fleet/memory_store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "support/catch.hpp"

using namespace renewd::fleet;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

Transaction put_if(const std::string& key, Revision revision, const std::string& value, bool leased = false) {
  return {.compare = {{key, revision}}, .put = {{key, value, leased}}, .read = "/p/"};
}

// An etcd, and two processes that use it.
struct World {
  boost::asio::io_context context;
  MemoryEtcd etcd;
  MemoryStore one{context.get_executor(), etcd};
  MemoryStore two{context.get_executor(), etcd};

  template <typename T>
  T run(boost::asio::awaitable<T> work) {
    auto result = boost::asio::co_spawn(context, std::move(work), boost::asio::use_future);
    context.restart();
    context.run_for(10s);
    REQUIRE(result.wait_for(0s) == std::future_status::ready);
    return result.get();
  }
  bool committed(MemoryStore& store, Transaction transaction) {
    const auto result = run(store.commit(std::move(transaction)));
    return result && result->succeeded;
  }
};

}  // namespace

TEST_CASE("the etcd in memory: of two transactions on one revision, the first succeeds") {
  World world;
  CHECK(world.committed(world.one, put_if("/p/a", 0, "1")));
  const auto second = world.run(world.two.commit(put_if("/p/a", 0, "2"))).value();
  CHECK_FALSE(second.succeeded);
  REQUIRE(second.current.values.size() == 1);
  CHECK(second.current.values[0] == KeyValue{"/p/a", "1", 2});
  CHECK(world.committed(world.two, put_if("/p/a", 2, "2")));
  CHECK(world.run(world.one.read("/p/")).value().values[0].value == "2");
  CHECK(world.run(world.one.read("/q/")).value().values.empty());
}

TEST_CASE("the etcd in memory: a watch tells every change from its revision on, also those of leases") {
  World world;
  world.etcd.put("/p/a", "1");
  std::vector<Changes> seen;
  boost::asio::co_spawn(world.context,
                        world.one.watch("/p/", 1, [&seen](const Changes& changes) { seen.push_back(changes); }),
                        boost::asio::detached);
  world.committed(world.two, put_if("/p/leased", 0, "x", true));
  world.etcd.put("/q", "not below the prefix");
  world.two.expire_lease();
  world.context.poll();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].puts[0].value == "1");
  CHECK(seen[1].puts[0].key == "/p/leased");
  CHECK(seen[2].deleted == std::vector<std::string>{"/p/leased"});
  world.one.drop_watches();
  world.context.poll();
}

TEST_CASE("the etcd in memory: a watch ends when its revision was compacted, or etcd is unreachable") {
  World world;
  world.etcd.put("/p/a", "1");
  world.etcd.put("/p/a", "2");
  world.etcd.compact(3);
  const auto ignore = [](const Changes&) {};
  CHECK(world.run(world.one.watch("/p/", 2, ignore)).reason == Unreachable::bad_answer);
  world.one.set_unreachable(Unreachable::no_leader);
  CHECK(world.run(world.one.watch("/p/", 4, ignore)).reason == Unreachable::no_leader);
  CHECK(world.run(world.one.read("/p/")).error().reason == Unreachable::no_leader);
  CHECK(world.one.failures() == std::vector<std::pair<Unreachable, std::uint64_t>>{{Unreachable::no_leader, 2}});
}

TEST_CASE("the etcd in memory: transactions whose caller sees a timeout may be applied, never or later") {
  World world;
  world.one.set_next(MemoryStore::Fate::lost);
  CHECK_FALSE(world.committed(world.one, put_if("/p/a", 0, "lost")));
  CHECK(world.etcd.read("/p/").values.empty());
  world.one.set_next(MemoryStore::Fate::unanswered);
  CHECK_FALSE(world.committed(world.one, put_if("/p/a", 0, "unanswered")));
  CHECK(world.etcd.read("/p/").values.size() == 1);
  world.one.set_next(MemoryStore::Fate::applied_late);
  CHECK_FALSE(world.committed(world.one, put_if("/p/b", 0, "late")));
  CHECK(world.etcd.read("/p/b").values.empty());
  CHECK(world.one.apply_late() == true);
  CHECK_FALSE(world.one.apply_late().has_value());
  CHECK(world.etcd.read("/p/b").values.size() == 1);
}

TEST_CASE("the etcd in memory: a restored backup has its revision, and what came later is forgotten") {
  World world;
  world.etcd.put("/p/a", "1");
  const auto backup = world.etcd.backup();
  world.etcd.put("/p/a", "2");
  world.etcd.restore(backup);
  CHECK(world.etcd.revision() == 2);
  CHECK(world.etcd.read("/p/a").values[0].value == "1");
  CHECK(world.etcd.events().size() == 3);
  CHECK(world.etcd.events().back().restored);
}
