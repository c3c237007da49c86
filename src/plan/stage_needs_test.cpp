#include "plan/stage_needs.h"

#include <doctest/doctest.h>

#include "support/sized_model.h"

namespace lockstep::plan {

using testing::SizedModel;

namespace {

constexpr std::uint64_t kRow = SizedModel::kRowBytes;

MemoryModel memory_of(const SizedModel& model, const ModelWork& work) {
  return {model.open(), model.config(), work};
}

} // namespace

TEST_CASE("a stage needs its own layers and the ends that it has") {
  // Seen to fail with: the head of a rank that has the embedding too left out.
  const auto memory =
      memory_of({{1, 2, 4, 8}, 100, 1000}, {{5, 6, 7, 8}, 3, 0, 0});
  CHECK(memory.needs_of({1, 3}).weights == 6 * kRow);
  CHECK(memory.needs_of({0, 2}).weights == 103 * kRow);
  CHECK(memory.needs_of({2, 4}).weights == 1012 * kRow);
  CHECK(memory.needs_of({0, 4}).weights == 1115 * kRow);
  CHECK(memory.needs_of({1, 3}).page == 13);
  CHECK(memory.needs_of({1, 3}).reading == 0);
  CHECK(memory.needs_of({2, 4}).reading == 1000 * kRow);
}

TEST_CASE("a tied head is the embedding, once on each rank that uses it") {
  const auto memory = memory_of({{1, 2, 4}, 100, 0}, {{1, 1, 1}, 2, 0, 0});
  CHECK(memory.needs_of({0, 2}).weights == 103 * kRow);
  CHECK(memory.needs_of({2, 3}).weights == 104 * kRow);
  CHECK(memory.needs_of({0, 3}).weights == 107 * kRow);
  CHECK(memory.needs_of({2, 3}).reading == 0);
}

TEST_CASE("what waits while weights are read makes room for the cache") {
  // Seen to fail with: both added up.
  const StageNeeds needs{100, 10, 50, 20};
  CHECK(needs.least() == 160);
  CHECK(needs.total(2) == 160);
  CHECK(needs.total(3) == 170);
}

TEST_CASE("more rows and more ranks need more work") {
  // Seen to fail with: packets of all ranks counted as one's.
  const SizedModel model{{1, 1}, 1, 1};
  const auto work_of = [&](int n_ranks, int rows, int n_wanted) {
    return memory_of(model, {{1, 1}, n_ranks, rows, n_wanted})
        .needs_of({1, 2})
        .work;
  };
  CHECK(work_of(2, 9, 1) > work_of(2, 8, 1));
  CHECK(work_of(3, 9, 1) > work_of(2, 9, 1));
  CHECK(work_of(2, 9, 2) - work_of(2, 9, 1) == 2 * sizeof(float) * 10);
}

} // namespace lockstep::plan
