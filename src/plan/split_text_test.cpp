#include "plan/split_text.h"

#include <doctest/doctest.h>

#include "support/refused.h"

namespace lockstep::plan {

using checkpoint::LayerRange;
using testing::check_refused;

TEST_CASE("a split by hand is what it says") {
  CHECK(parse_split("20,8") == std::vector<int>{20, 8});
  CHECK(parse_split("7") == std::vector<int>{7});
  CHECK(split_text({20, 8}) == "20,8");
  const auto ranges = ranges_of({3, 1, 2}, 3, 6);
  CHECK(ranges == std::vector<LayerRange>{{0, 3}, {3, 4}, {4, 6}});
  CHECK(counts_of(ranges) == std::vector<int>{3, 1, 2});
}

TEST_CASE("a text that is no split is refused") {
  // Seen to fail with: zeros taken; what follows a number not looked at.
  for (const char* text :
       {"",
        ",",
        "1,",
        ",1",
        "0,8",
        "-1,9",
        "4;4",
        "4 4",
        "x",
        "1,,2",
        "1.5",
        "99999999999",
        "100001"}) {
    check_refused(
        ErrorKind::usage, {"--split is", text, "such as 20,8"}, [text] {
          parse_split(text);
        });
  }
}

TEST_CASE("a split that is not of this model or world is refused") {
  // Seen to fail with: the sum not looked at.
  check_refused(ErrorKind::usage, {"20,8 is for 2 ranks", "there are 3"}, [] {
    ranges_of({20, 8}, 3, 28);
  });
  check_refused(ErrorKind::usage, {"gives 28 layers", "has 30"}, [] {
    ranges_of({20, 8}, 2, 30);
  });
}

} // namespace lockstep::plan
