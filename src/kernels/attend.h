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

/// Tiles at once: where queries are few, sums would wait for each other.
template <class V, int R>
constexpr int kTilesAtOnce = R > V::kRows / 2 ? 1
                             : V::kRows >= 12 ? 4
                                              : 2;

/// Calls for the next `bytes` of what is read only in a while. It comes to the
/// second cache, as the first has no room beside what is read now.
inline void fetch_next(const std::byte*& next, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += 64) {
    __builtin_prefetch(next + i, 0, 2);
  }
  next += bytes;
}

/// scores[q][i] = query q · key of place first + i, for `kTiles` tiles.
/// Meanwhile as much is fetched from `next` on.
template <class V, KvType kType, int R, int kTiles>
void score_tiles(
    const AttendArgs& args,
    const std::byte* keys,
    const std::byte* next,
    float* scores) {
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
    fetch_next(next, kTiles * step);
    for (int t = 0; t < kTiles; ++t) {
      const auto key =
          load_kv<V, kType>(keys + static_cast<std::size_t>(t) * apart);
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

/// Scores of `n_tiles` whole tiles of places, while their values are fetched.
template <class V, KvType kType, int R>
void score_places(const AttendArgs& args, int n_tiles, float* scores) {
  const auto tile =
      static_cast<std::size_t>(args.head_dim) * kTile * bytes_of(kType);
  for_tiles<kTilesAtOnce<V, R>>(n_tiles, [&]<int T>(int t) {
    const auto at = static_cast<std::size_t>(t) * tile;
    score_tiles<V, kType, R, T>(
        args, args.keys + at, args.values + at, scores + t * kTile);
  });
}

/// Scores of integers become those of what they stand for, and nothing those
/// that the query may not see. -> the largest
template <class V, KvType kType>
float scale_scores(
    const AttendArgs& args, int n_places, int seen, float* scores) {
  if constexpr (kType != KvType::f32) {
    for (int i = 0; i < n_places; i += kTile) {
      V::store(
          scores + i,
          V::mul(V::load(scores + i), V::load(args.key_scales + i)));
    }
  }
  for (int i = seen; i < n_places; ++i) {
    scores[i] = -INFINITY;
  }
  auto most = V::set(-INFINITY);
  for (int i = 0; i < n_places; i += kTile) {
    most = V::max(most, V::load(scores + i));
  }
  return V::largest(most);
}

/// Beside a weight of 1 this one is nothing in 24 bits, and so is what is less.
/// Products of such weights would leave the range of float32, where processors
/// take a hundred times as long.
constexpr float kNothing = 1e-26F;

/// exp(score - largest), and 0 where that is at most kNothing.
template <class V>
typename V::F weight_of(typename V::F score, typename V::F largest) {
  const auto weight = exp_of<V>(V::sub(score, largest));
  // In this order what is no number stays none.
  return V::max(V::set(0.0F), V::sub(weight, V::set(kNothing)));
}

/// Scores become weights, those of places that the query may not see exactly 0;
/// -> their sum. Those of integers get their scales.
template <class V, KvType kType>
float weigh(
    const AttendArgs& args,
    float largest,
    int n_places,
    int seen,
    float* scores) {
  const auto most = V::set(largest);
  auto total = V::set(0.0F);
  const auto weigh_tile = [&](int i, typename V::F weight) {
    total = V::add(total, weight);
    if constexpr (kType != KvType::f32) {
      weight = V::mul(weight, V::load(args.value_scales + i));
    }
    V::store(scores + i, weight);
  };
  int i = 0;
  for (; i + kTile <= seen; i += kTile) {
    weigh_tile(i, weight_of<V>(V::load(scores + i), most));
  }
  for (; i < n_places; i += kTile) {
    V::store(scores + i, weight_of<V>(V::load(scores + i), most));
    for (int k = seen > i ? seen - i : 0; k < kTile; ++k) {
      scores[i + k] = 0.0F;
    }
    weigh_tile(i, V::load(scores + i));
  }
  return V::sum(total);
}

/// mixed[q] = Σ weights[q][i] * value of place first + i, for `kTiles` times
/// kTile dimensions. Meanwhile as much is fetched from `next` on.
template <class V, KvType kType, int R, int kTiles>
void mix_tiles(
    const AttendArgs& args,
    int n_places,
    const float* weights,
    const std::byte* values,
    const std::byte* next,
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
    fetch_next(next, kTiles * kTile * bytes_of(kType));
    typename V::F value[kTiles];
    for (int t = 0; t < kTiles; ++t) {
      value[t] = load_kv<V, kType>(
          values + static_cast<std::size_t>(t) * kTile * bytes_of(kType));
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

/// The weighted sums, while the next chunk's keys are fetched.
template <class V, KvType kType, int R>
void mix_values(const AttendArgs& args, int n_places, const float* weights) {
  const int n_tiles = tiles_of(args.head_dim);
  const auto tile = kTile * bytes_of(kType);
  for_tiles<kTilesAtOnce<V, R>>(n_tiles, [&]<int T>(int t) {
    mix_tiles<V, kType, R, T>(
        args,
        n_places,
        weights,
        args.values + static_cast<std::size_t>(t) * tile,
        args.next_keys + static_cast<std::size_t>(t) * tile *
                             static_cast<std::size_t>(n_places),
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
  if constexpr (kType != KvType::f32) {
    for (int i = 0; i < n_places; i += kTile) {
      fetch_ahead(reinterpret_cast<const std::byte*>(args.key_scales + i), 0);
      fetch_ahead(reinterpret_cast<const std::byte*>(args.value_scales + i), 0);
    }
  }
  const int n_tiles = tiles_of(n_places);
  score_places<V, kType, R>(args, n_tiles, scores);
  int seen[R];
  for (int q = 0; q < R; ++q) {
    const int n = args.last[q] - args.first + 1;
    seen[q] = n < 0 ? 0 : n < n_places ? n : n_places;
    args.largest[q] = scale_scores<V, kType>(
        args, n_tiles * kTile, seen[q], scores + q * kChunk);
  }
  for (int q = 0; q < R; ++q) {
    args.total[q] = weigh<V, kType>(
        args, args.largest[q], n_tiles * kTile, seen[q], scores + q * kChunk);
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
