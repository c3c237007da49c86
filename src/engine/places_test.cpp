#include "engine/places.h"

#include <doctest/doctest.h>

#include "engine/memory.h"
#include "support/refused.h"

namespace lockstep::engine {

using testing::check_refused;

namespace {

RankPlace place_on(
    const char* host, std::uint64_t room, std::uint64_t limit = 0) {
  RankPlace place;
  place.host = host;
  place.device = host;
  place.room = room;
  place.limit = limit;
  return place;
}

constexpr plan::StageNeeds kNeeds{100, 20, 0, 10};

} // namespace

TEST_CASE("a rank may take its limit, and its device where it is alone there") {
  // Seen to fail with: memory that others share taken for one's own; the larger
  // of limit and device.
  const auto rooms = rooms_of(
      {place_on("a", 500),
       place_on("a", 500, 300),
       place_on("b", 400),
       place_on("c", 400, 90),
       place_on("d", 0)});
  const std::vector<std::uint64_t> limits{0, 300, 400, 90, 0};
  for (std::size_t i = 0; i < limits.size(); ++i) {
    CHECK(rooms[i].limit == limits[i]);
  }
  CHECK(rooms[3].name == "rank 3 on c");
  CHECK(n_ranks_on({place_on("a", 1), place_on("b", 1)}, "b") == 1);
}

TEST_CASE("caches have the places that the tightest rank or device has") {
  // Seen to fail with: ranks of one device that each count all of it.
  const std::vector<plan::StageNeeds> two{kNeeds, kNeeds};
  CHECK(places_for({place_on("a", 0), place_on("b", 0)}, two, 1000) == 1024);
  CHECK(
      places_for({place_on("a", 0), place_on("b", 0, 155)}, two, 1000) ==
      3 * 256);
  CHECK(
      places_for({place_on("a", 300), place_on("a", 300)}, two, 5000) ==
      3 * 256);
  check_refused(ErrorKind::memory, {"rank 1 on b may take", "at least"}, [&] {
    places_for({place_on("a", 0), place_on("b", 0, 125)}, two, 1000);
  });
  check_refused(ErrorKind::memory, {"the ranks on a need"}, [&] {
    places_for({place_on("a", 250), place_on("a", 250)}, two, 1000);
  });
}

} // namespace lockstep::engine
