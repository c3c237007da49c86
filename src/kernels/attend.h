#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/lane_math.h"
#include "kernels/layout.h"
#include "kernels/tiles.h"

// Attention to one chunk of places; see lane_math.h for why all is internal.
namespace lockstep::kernels {

namespace {

template <class V, KvType kType>
typename V::F load_kv(const std::byte* p) {
  if constexpr (kType == KvType::f32) {
    return V::load(reinterpret_cast<const float*>(p));
  } else if constexpr (kType == KvType::i16) {
    return V::load_i16(reinterpret_cast<const std::int16_t*>(p));
  } else {
    return V::load_i8(reinterpret_cast<const std::int8_t*>(p));
  }
}

/// scores[q][i] = query q · key of place first + i, for `kTiles` tiles at once:
/// where queries are few, sums would wait for each other.
template <class V, KvType kType, int R, int kTiles>
void score_tiles(const AttendArgs& args, const std::byte* keys, float* scores) {
  const auto step = kTile * bytes_of(kType);
  const auto apart = static_cast<std::size_t>(args.head_dim) * step;
  typename V::F sum[kTiles][R];
  for (auto& tile : sum) {
    for (auto& query : tile) {
      query = V::set(0.0F);
    }
  }
  const float* query = args.queries;
  for (int d = 0; d < args.head_dim; ++d, query += R, keys += step) {
    for (int t = 0; t < kTiles; ++t) {
      const auto* at = keys + static_cast<std::size_t>(t) * apart;
      fetch_ahead(at, kTiles * apart);
      const auto key = load_kv<V, kType>(at);
      for (int q = 0; q < R; ++q) {
        sum[t][q] = V::fma(key, V::set(query[q]), sum[t][q]);
      }
    }
  }
  for (int t = 0; t < kTiles; ++t) {
    for (int q = 0; q < R; ++q) {
      V::store(scores + q * kChunk + t * kTile, sum[t][q]);
    }
  }
}

/// x[i] *= scales[i]
template <class V>
void scale_places(const float* scales, int n_places, float* x) {
  for (int i = 0; i < n_places; i += kTile) {
    V::store(x + i, V::mul(V::load(x + i), V::load(scales + i)));
  }
}

/// Scores of `n_tiles` whole tiles of places.
template <class V, KvType kType, int R>
void score_places(const AttendArgs& args, int n_tiles, float* scores) {
  const auto tile =
      static_cast<std::size_t>(args.head_dim) * kTile * bytes_of(kType);
  constexpr int kAtOnce = R <= V::kRows / 3 ? 4 : 1;
  for_tiles<kAtOnce>(n_tiles, [&]<int T>(int t) {
    score_tiles<V, kType, R, T>(
        args,
        args.keys + static_cast<std::size_t>(t) * tile,
        scores + t * kTile);
  });
  if constexpr (kType != KvType::f32) {
    for (int q = 0; q < R; ++q) {
      scale_places<V>(args.key_scales, n_tiles * kTile, scores + q * kChunk);
    }
  }
}

/// Scores become weights exp(score - largest); those of places that a query
/// may not see become exactly 0.
template <class V>
void weigh(const AttendArgs& args, int n_places, float* scores) {
  for (int q = 0; q < args.n_queries; ++q) {
    float* row = scores + q * kChunk;
    int seen = args.last[q] - args.first + 1;
    seen = seen < 0 ? 0 : seen < n_places ? seen : n_places;
    for (int i = seen; i < n_places; ++i) {
      row[i] = -INFINITY;
    }
    auto most = V::set(-INFINITY);
    for (int i = 0; i < n_places; i += kTile) {
      most = V::max(most, V::load(row + i));
    }
    args.largest[q] = V::largest(most);
    const auto largest = V::set(args.largest[q]);
    for (int i = 0; i < n_places; i += kTile) {
      V::store(row + i, exp_of<V>(V::sub(V::load(row + i), largest)));
    }
    for (int i = seen; i < n_places; ++i) {
      row[i] = 0.0F;
    }
    auto total = V::set(0.0F);
    for (int i = 0; i < n_places; i += kTile) {
      total = V::add(total, V::load(row + i));
    }
    args.total[q] = V::sum(total);
  }
}

/// mixed[q] = Σ weights[q][i] * value of place first + i, for `kTiles` times
/// kTile dimensions at once.
template <class V, KvType kType, int R, int kTiles>
void mix_tiles(
    const AttendArgs& args,
    int n_places,
    const float* weights,
    const std::byte* values,
    float* mixed) {
  const int width = tiles_of(args.head_dim) * kTile;
  const auto apart = static_cast<std::size_t>(width) * bytes_of(kType);
  typename V::F sum[kTiles][R];
  for (auto& tile : sum) {
    for (auto& query : tile) {
      query = V::set(0.0F);
    }
  }
  for (int i = 0; i < n_places; ++i, values += apart) {
    typename V::F value[kTiles];
    for (int t = 0; t < kTiles; ++t) {
      const auto* at =
          values + static_cast<std::size_t>(t) * kTile * bytes_of(kType);
      fetch_ahead(at);
      value[t] = load_kv<V, kType>(at);
    }
    for (int q = 0; q < R; ++q) {
      const auto weight = V::set(weights[q * kChunk + i]);
      for (int t = 0; t < kTiles; ++t) {
        sum[t][q] = V::fma(value[t], weight, sum[t][q]);
      }
    }
  }
  for (int t = 0; t < kTiles; ++t) {
    for (int q = 0; q < R; ++q) {
      V::store(mixed + q * width + t * kTile, sum[t][q]);
    }
  }
}

template <class V, KvType kType, int R>
void mix_values(const AttendArgs& args, int n_places, const float* weights) {
  const int n_tiles = tiles_of(args.head_dim);
  const auto tile = kTile * bytes_of(kType);
  constexpr int kAtOnce = R <= V::kRows / 3 ? 4 : R <= V::kRows / 2 ? 2 : 1;
  for_tiles<kAtOnce>(n_tiles, [&]<int T>(int t) {
    mix_tiles<V, kType, R, T>(
        args,
        n_places,
        weights,
        args.values + static_cast<std::size_t>(t) * tile,
        args.mixed + t * kTile);
  });
}

template <class V, KvType kType, int R>
void attend_some(const AttendArgs& args) {
  alignas(64) float scores[R * kChunk];
  int last = args.last[0];
  for (int q = 1; q < R; ++q) {
    last = args.last[q] > last ? args.last[q] : last;
  }
  int n_places = last - args.first + 1;
  n_places = n_places < kChunk ? n_places : kChunk;
  score_places<V, kType, R>(args, tiles_of(n_places), scores);
  weigh<V>(args, tiles_of(n_places) * kTile, scores);
  if constexpr (kType != KvType::f32) {
    for (int q = 0; q < R; ++q) {
      scale_places<V>(args.value_scales, n_places, scores + q * kChunk);
    }
  }
  mix_values<V, kType, R>(args, n_places, scores);
}

/// Queries of one call share each load of keys and values.
template <class V, KvType kType>
void attend(const AttendArgs& args) {
  switch (args.n_queries) {
    case 1:
      return attend_some<V, kType, 1>(args);
    case 2:
      return attend_some<V, kType, 2>(args);
    case 3:
      return attend_some<V, kType, 3>(args);
    case 4:
      return attend_some<V, kType, 4>(args);
    case 6:
      return attend_some<V, kType, 6>(args);
    case 8:
      return attend_some<V, kType, 8>(args);
    default:
      return attend_some<V, kType, 12>(args);
  }
}

} // namespace

} // namespace lockstep::kernels
