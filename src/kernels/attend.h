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

/// scores[q][i] = queries q · key of place first + i, for whole tiles.
template <class V, Stored kType, int R>
void score_places(const AttendArgs& args, int n_places, float* scores) {
  const auto step = kTile * bytes_of(kType);
  const auto* keys = static_cast<const std::byte*>(args.keys) +
                     static_cast<std::size_t>(args.first / kTile) *
                         static_cast<std::size_t>(args.head_dim) * step;
  for (int place = 0; place < n_places; place += kTile) {
    typename V::F sum[R];
    for (int q = 0; q < R; ++q) {
      sum[q] = V::set(0.0F);
    }
    const float* query = args.queries;
    for (int d = 0; d < args.head_dim; ++d, query += R, keys += step) {
      const auto key = load_stored<V, kType>(keys);
      for (int q = 0; q < R; ++q) {
        sum[q] = V::fma(key, V::set(query[q]), sum[q]);
      }
    }
    for (int q = 0; q < R; ++q) {
      V::store(scores + q * kChunk + place, sum[q]);
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

/// mixed[q] = Σ weights[q][i] * value of place first + i
template <class V, Stored kType, int R>
void mix_values(const AttendArgs& args, int n_places, const float* weights) {
  const int width = tiles_of(args.head_dim) * kTile;
  const auto apart = static_cast<std::size_t>(width) * bytes_of(kType);
  for (int d = 0; d < width; d += kTile) {
    const auto* values = static_cast<const std::byte*>(args.values) +
                         static_cast<std::size_t>(args.first) * apart +
                         static_cast<std::size_t>(d) * bytes_of(kType);
    typename V::F sum[R];
    for (int q = 0; q < R; ++q) {
      sum[q] = V::set(0.0F);
    }
    for (int i = 0; i < n_places; ++i, values += apart) {
      const auto value = load_stored<V, kType>(values);
      for (int q = 0; q < R; ++q) {
        sum[q] = V::fma(value, V::set(weights[q * kChunk + i]), sum[q]);
      }
    }
    for (int q = 0; q < R; ++q) {
      V::store(args.mixed + q * width + d, sum[q]);
    }
  }
}

template <class V, Stored kType, int R>
void attend_some(const AttendArgs& args) {
  alignas(64) float scores[R * kChunk];
  int last = args.last[0];
  for (int q = 1; q < R; ++q) {
    last = args.last[q] > last ? args.last[q] : last;
  }
  int n_places = last - args.first + 1;
  n_places = n_places < kChunk ? n_places : kChunk;
  const int whole = tiles_of(n_places) * kTile;
  score_places<V, kType, R>(args, whole, scores);
  weigh<V>(args, whole, scores);
  mix_values<V, kType, R>(args, n_places, scores);
}

/// Queries of one call share each load of keys and values.
template <class V, Stored kType>
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
