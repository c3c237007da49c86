#include "plan/layout.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <random>

#include <doctest/doctest.h>

#include "support/refused.h"
#include "support/sized_model.h"

namespace lockstep::plan {

using checkpoint::LayerRange;
using testing::check_refused;
using testing::SizedModel;

namespace {

using Layers = std::vector<LayerRange>;

struct Case {
  std::vector<Costs> costs; // by rank
  MemoryModel memory;
  std::vector<RankRoom> rooms;
  std::uint64_t wanted = 1;
};

/// Calls `use` with every split.
void for_all_splits(
    int n_ranks,
    int n_layers,
    Layers& layers,
    const std::function<void(const Layers&)>& use) {
  const int first = layers.empty() ? 0 : layers.back().last;
  if (n_ranks == 0) {
    if (first == n_layers) {
      use(layers);
    }
    return;
  }
  for (int last = first + 1; last <= n_layers; ++last) {
    layers.push_back({first, last});
    for_all_splits(n_ranks - 1, n_layers, layers, use);
    layers.pop_back();
  }
}

/// Pages that a split leaves room for.
std::uint64_t pages_of(const Case& tried, const Layers& layers) {
  auto n_pages = tried.wanted;
  const auto fits = [&] {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto limit = tried.rooms[i].limit;
      const auto total = tried.memory.needs_of(layers[i]).total(n_pages);
      if (limit > 0 && total > limit) {
        return false;
      }
    }
    return true;
  };
  while (n_pages > 0 && !fits()) {
    --n_pages;
  }
  return n_pages;
}

struct Best {
  std::uint64_t n_pages = 0;
  double slowest = std::numeric_limits<double>::infinity();
  double squares = std::numeric_limits<double>::infinity();
};

double squares_of(const Case& tried, const Layers& layers) {
  double sum = 0.0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const double cost = cost_of(tried.costs[i], layers[i]);
    sum += cost * cost;
  }
  return sum;
}

/// By trying all splits.
Best brute_force(const Case& tried) {
  Best best;
  Layers layers;
  for_all_splits(
      static_cast<int>(tried.rooms.size()),
      tried.memory.n_layers(),
      layers,
      [&](const Layers& split) {
        const auto n_pages = pages_of(tried, split);
        const double slowest = slowest_of(tried.costs, split);
        const double squares = squares_of(tried, split);
        constexpr double kRounding = 1e-9;
        if (n_pages > best.n_pages ||
            (n_pages == best.n_pages && slowest < best.slowest - kRounding)) {
          best = {n_pages, slowest, squares};
        } else if (
            n_pages == best.n_pages && slowest < best.slowest + kRounding) {
          best.squares = std::min(best.squares, squares);
        }
      });
  return best;
}

class Cases {
 public:
  Case next() {
    const int n_layers = 1 + below(10);
    const int n_ranks = 1 + below(std::min(n_layers, 4));
    SizedModel model;
    ModelWork work;
    for (int i = 0; i < n_layers; ++i) {
      model.layer_rows.push_back(1 + below(50'000));
      work.page_bytes.push_back(
          1 + static_cast<std::uint64_t>(below(1'000'000)));
    }
    model.embedding_rows = 1 + below(100'000);
    model.head_rows = below(2) * (1 + below(100'000));
    Case made{{}, {model.open(), model.config(), work}, {}, 1};
    made.wanted = 1 + static_cast<std::uint64_t>(below(12));
    const auto least = made.memory.needs_of({0, n_layers}).least();
    for (int rank = 0; rank < n_ranks; ++rank) {
      Costs costs;
      for (int i = 0; i < n_layers; ++i) {
        costs.layers.push_back(1 + below(20));
      }
      costs.first = below(20);
      costs.last = below(40);
      made.costs.push_back(at_speed(costs, 1 + below(4)));
      const auto limit = 30'000'000 + static_cast<std::uint64_t>(below(1'000)) *
                                          (least / 1'000);
      made.rooms.push_back(
          {"rank " + std::to_string(rank), below(4) == 0 ? 0 : limit});
    }
    return made;
  }

 private:
  int below(int n) {
    return static_cast<int>(random_() % static_cast<unsigned>(n));
  }

  std::mt19937 random_{7};
};

} // namespace

TEST_CASE("a layout is the fastest of those with the most room") {
  // Seen to fail with: the limit of one rank taken for another's; a rank's
  // speed left out; the first layout found taken, not the fullest; ranks
  // beside the slowest left as uneven as they come.
  Cases cases;
  int n_refused = 0;
  int n_short = 0;
  for (int round = 0; round < 600; ++round) {
    const auto tried = cases.next();
    const auto best = brute_force(tried);
    const auto layout =
        find_layout(tried.costs, tried.memory, tried.rooms, tried.wanted);
    REQUIRE(layout.has_value() == (best.n_pages > 0));
    if (!layout) {
      ++n_refused;
      CHECK_THROWS_AS(
          choose_layout(tried.costs, tried.memory, tried.rooms, tried.wanted),
          Error);
      continue;
    }
    n_short += best.n_pages < tried.wanted ? 1 : 0;
    REQUIRE(layout->n_pages == best.n_pages);
    REQUIRE(pages_of(tried, layout->layers) >= best.n_pages);
    REQUIRE(
        slowest_of(tried.costs, layout->layers) ==
        doctest::Approx(best.slowest));
    REQUIRE(squares_of(tried, layout->layers) == doctest::Approx(best.squares));
    int next = 0;
    for (const auto& range : layout->layers) {
      REQUIRE(range.first == next);
      REQUIRE(range.size() >= 1);
      next = range.last;
    }
    REQUIRE(next == tried.memory.n_layers());
  }
  // All three kinds were tried.
  CHECK(n_refused > 50);
  CHECK(n_short > 20);
  CHECK(n_refused + n_short < 500);
}

TEST_CASE("what does not fit is refused with the rank that lacks it") {
  // Seen to fail with: the first rank named, whichever lacks.
  const SizedModel model{{100'000, 100'000, 100'000, 100'000}, 1, 0};
  const MemoryModel memory(
      model.open(), model.config(), {{1'000, 1'000, 1'000, 1'000}, 2, 0, 0});
  const Costs costs{{1, 1, 1, 1}, 0, 0};
  const auto choose = [&](std::uint64_t first, std::uint64_t second) {
    choose_layout(
        {costs, costs},
        memory,
        {{"rank 0 on here", first}, {"rank 1 on there", second}},
        8);
  };
  // A layer is 12.8 MB, a rank without a model 34 MB.
  check_refused(
      ErrorKind::memory,
      {"rank 1 on there is the tightest",
       "may take 72.0 MB",
       "with layers 1-3",
       "at least 72.4 MB",
       "for weights"},
      [&] { choose(50'000'000, 72'000'000); });
  check_refused(ErrorKind::memory, {"rank 0 on here is the tightest"}, [&] {
    choose(40'000'000, 0);
  });
}

TEST_CASE("a split is what its shares of the work lead to") {
  // Seen to fail with: shares of layers, without the head.
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    Costs costs;
    const int n_layers = 1 + static_cast<int>(random() % 60);
    costs.layers.assign(static_cast<std::size_t>(n_layers), 3'500'000.0);
    costs.last = static_cast<double>(random() % 100) * 1e6;
    Layers layers;
    while (layers.empty() || layers.back().last < n_layers) {
      const int first = layers.empty() ? 0 : layers.back().last;
      layers.push_back(
          {first,
           first + 1 +
               static_cast<int>(
                   random() % static_cast<unsigned>(n_layers - first))});
    }
    std::vector<Costs> by_rank;
    for (const double share : shares_of(costs, layers)) {
      REQUIRE(share > 0.0);
      REQUIRE(share <= 1.0);
      by_rank.push_back(at_speed(costs, share));
    }
    const auto again =
        split_layers(by_rank, [](int, const LayerRange&) { return true; });
    REQUIRE(*again == layers);
  }
}

} // namespace lockstep::plan
