#include "fleet/sightings.hpp"

#include "support/catch.hpp"
#include "support/fleet/examples.hpp"

using namespace renewd;
using namespace renewd::fleet;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

View view_with(Revision renewal, bool claimant_is_present) {
  View view;
  view.renewal = {renewal, renewal_record(), {}};
  if (claimant_is_present) {
    view.members["a/production"] = {1, member_record(), {}};
  }
  return view;
}

}  // namespace

TEST_CASE("a value is unchanged since its revision was first seen") {
  Sightings sightings;
  sightings.saw(view_with(4, true), 100s);
  sightings.saw(view_with(4, true), 160s);
  CHECK(sightings.renewal_unchanged(170s) == 70s);
  CHECK(sightings.generation_unchanged(170s) == 70s);
  sightings.saw(view_with(5, true), 180s);
  CHECK(sightings.renewal_unchanged(181s) == 1s);
  CHECK(sightings.rollout_unchanged(181s) == 81s);
  // A restored backup has an earlier one.
  sightings.saw(view_with(4, true), 200s);
  CHECK(sightings.renewal_unchanged(201s) == 1s);
}

TEST_CASE("a claimant is absent for as long as it was without a break") {
  Sightings sightings;
  sightings.saw(view_with(4, true), 100s);
  CHECK_FALSE(sightings.absent("a/production", 110s));
  sightings.saw(view_with(4, false), 120s);
  CHECK(sightings.absent("a/production", 150s) == 30s);
  sightings.saw(view_with(4, true), 160s);
  CHECK_FALSE(sightings.absent("a/production", 170s));
  sightings.saw(view_with(4, false), 180s);
  CHECK(sightings.absent("a/production", 190s) == 10s);
}

TEST_CASE("absence is counted for holders, too, and for nobody else") {
  Sightings sightings;
  View view;
  view.rollout = {3, rollout(), {}};
  view.members["a/production"] = {1, member_record(), {}};
  sightings.saw(view, 10s);
  CHECK_FALSE(sightings.absent("a/production", 20s));
  CHECK(sightings.absent("b/production", 20s) == 10s);
  CHECK_FALSE(sightings.absent("d/production", 20s));
  // Who no longer holds a slot begins again when it takes the next one.
  view.rollout.value->holders.clear();
  sightings.saw(view, 30s);
  CHECK_FALSE(sightings.absent("b/production", 40s));
  view.rollout.value = rollout();
  sightings.saw(view, 50s);
  CHECK(sightings.absent("b/production", 60s) == 10s);
}
