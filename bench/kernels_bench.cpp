// Single kernels beside what one thread of this machine can read (read_memory)
// and compute (tile_in_cache).
#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "mlx/ops.h"
#include "mlx/transforms.h"
#include <benchmark/benchmark.h>

#include "kernels/attention.h"
#include "kernels/node.h"
#include "kernels/place_rows.h"
#include "kernels/product.h"
#include "support/random_matrix.h"

namespace lockstep::kernels {

namespace {

using testing::random_rows;
using testing::RandomMatrix;

double as_double(std::int64_t x) {
  return static_cast<double>(x);
}

/// Reads more than the caches hold with the simplest of kernels.
void read_memory(benchmark::State& state) {
  Arena arena;
  const std::size_t n = std::size_t{256} << 20;
  const auto memory = arena.take(n);
  std::memset(memory.get(), 0, n);
  const auto* values = reinterpret_cast<const float*>(memory.get());
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        best_table().largest(values, static_cast<int>(n / sizeof(float))));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(n));
}
BENCHMARK(read_memory)->Unit(benchmark::kMillisecond);

/// Matrices of the demo model: out, in, bits, rows of activations, threads;
/// as many of them, one after the other, as a token passes through.
void product(benchmark::State& state) {
  const int out = static_cast<int>(state.range(0));
  const int in = static_cast<int>(state.range(1));
  const int bits = static_cast<int>(state.range(2));
  const int rows = static_cast<int>(state.range(3));
  const auto accuracy = state.range(5) == 0 ? Accuracy::exact : Accuracy::fast;
  Context context(best_table(), accuracy, static_cast<int>(state.range(4)));
  std::mt19937 random(1);
  Arena arena;
  const RandomMatrix matrix(
      out, in, {bits, 32, bits == 8, Stored::f16}, random);
  const int n = std::max(1, 64'000'000 / (out * in * bits / 8));
  std::vector<Product> products;
  std::size_t bytes = 0;
  for (int i = 0; i < n; ++i) {
    std::vector<Weighted> parts;
    parts.push_back({matrix.packed(arena, context.pool), {}});
    bytes += parts[0].matrix.bytes();
    products.emplace_back(std::move(parts));
  }
  const auto x = random_rows(rows, in, random);
  std::vector<float> y(
      static_cast<std::size_t>(rows) * static_cast<std::size_t>(out));
  Activations activations;
  for (auto _ : state) {
    for (const auto& one : products) {
      activations.take(
          context, one.forms(), {x.data(), rows, in, nullptr, 0.0F});
      one.run(context, activations, nullptr, y.data());
    }
  }
  state.SetBytesProcessed(
      state.iterations() * static_cast<std::int64_t>(bytes));
  state.counters["FLOP/s"] = benchmark::Counter(
      2.0 * as_double(out) * as_double(in) * as_double(rows) * n,
      benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(product)
    ->ArgNames({"out", "in", "bits", "rows", "threads", "fast"})
    ->ArgsProduct({{3072}, {576}, {4}, {1, 2, 3, 4, 8, 512}, {1, 2}, {0, 1}})
    ->ArgsProduct({{576}, {1536}, {4}, {1, 512}, {1, 2}, {0}})
    ->ArgsProduct({{49152}, {576}, {8}, {1}, {1, 2}, {0}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

/// One tile that stays in the cache, times a whole panel: what a thread computes
/// at most. bits 0 is dense, in float32.
void tile_in_cache(benchmark::State& state) {
  const int bits = static_cast<int>(state.range(0));
  constexpr int kIn = 576;
  const auto accuracy = state.range(1) == 0 ? Accuracy::exact : Accuracy::fast;
  Context context(best_table(), accuracy, 1);
  const int rows = context.table->rows;
  std::mt19937 random(3);
  Arena arena;
  const RandomMatrix matrix(
      kTile,
      kIn,
      {bits, 32, bits == 8, bits == 0 ? Stored::f32 : Stored::f16},
      random);
  std::vector<Weighted> parts;
  parts.push_back({matrix.packed(arena, context.pool), {}});
  const Product tile(std::move(parts));
  const auto x = random_rows(rows, kIn, random);
  std::vector<float> y(static_cast<std::size_t>(rows * kTile));
  Activations in;
  in.take(context, tile.forms(), {x.data(), rows, kIn, nullptr, 0.0F});
  for (auto _ : state) {
    tile.run(context, in, nullptr, y.data());
  }
  state.counters["FLOP/s"] = benchmark::Counter(
      2.0 * kTile * kIn * as_double(rows),
      benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(tile_in_cache)
    ->ArgNames({"bits", "fast"})
    ->ArgsProduct({{4, 8}, {0, 1}})
    ->Args({0, 0});

/// The last so many of the demo model's tokens, each over all places, in as
/// many layers as the model has.
void attention(benchmark::State& state) {
  constexpr int kLayers = 30;
  const int places = static_cast<int>(state.range(0));
  const int rows = static_cast<int>(state.range(1));
  Context context(
      best_table(), Accuracy::exact, static_cast<int>(state.range(2)));
  const AttentionShape shape{9, 3, 64, 0.125F, KvType::i16};
  RopeTable rope(std::vector<double>(32, 100.0));
  rope.reserve(places);
  KvPages pages(std::vector<KvShape>(kLayers, shape.kv()), 1);
  pages.reserve(0, places);
  std::mt19937 random(2);
  std::normal_distribution<float> normal(0.0F, 1.0F);
  std::vector<float> all(
      static_cast<std::size_t>(places) * static_cast<std::size_t>(shape.row()));
  std::generate(all.begin(), all.end(), [&] { return normal(random); });
  std::vector<float> out(
      static_cast<std::size_t>(places) * static_cast<std::size_t>(9 * 64));
  for (int layer = 0; layer < kLayers; ++layer) {
    const AttentionPart whole{0, places, 0, pages.pages(0)};
    place_rows(
        context,
        shape,
        rope,
        whole,
        pages.offset_of(layer),
        all.data(),
        out.data());
  }
  const int first = places - rows;
  const std::vector<AttentionPart> parts{{0, rows, first, pages.pages(0)}};
  const float* last =
      all.data() + static_cast<std::ptrdiff_t>(first) * shape.row();
  for (auto _ : state) {
    for (int layer = 0; layer < kLayers; ++layer) {
      attend_parts(
          context,
          shape,
          rope,
          parts,
          pages.offset_of(layer),
          last,
          out.data());
    }
  }
  state.SetBytesProcessed(
      state.iterations() * static_cast<std::int64_t>(shape.kv().page_bytes()) *
      kLayers * places / kChunk);
}
BENCHMARK(attention)
    ->ArgNames({"places", "rows", "threads"})
    ->ArgsProduct({{256, 1024, 4096}, {1, 2, 4, 48}, {1}})
    ->ArgsProduct({{4096}, {1}, {2}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

/// So many nodes that do nothing, put together and evaluated.
void empty_nodes(benchmark::State& state) {
  const auto n = state.range(0);
  for (auto _ : state) {
    auto x = mx::zeros({1, 16}, mx::float32);
    for (std::int64_t i = 0; i < n; ++i) {
      x = make_node("empty", {1, 16}, {x}, [](const auto&, float*) {});
    }
    mx::eval(x);
  }
}
BENCHMARK(empty_nodes)
    ->Arg(1)
    ->Arg(120)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

} // namespace

} // namespace lockstep::kernels

BENCHMARK_MAIN();
