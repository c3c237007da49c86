#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/layout.h"

// Products of panels with tiles; see lane_math.h for why all is internal.
namespace lockstep::kernels {

namespace {

template <class V, Stored kType>
typename V::F load_stored(const std::byte* p) {
  if constexpr (kType == Stored::f32) {
    return V::load(reinterpret_cast<const float*>(p));
  } else if constexpr (kType == Stored::f16) {
    return V::load_f16(reinterpret_cast<const std::uint16_t*>(p));
  } else {
    return V::load_bf16(reinterpret_cast<const std::uint16_t*>(p));
  }
}

/// Integers of at most `kMost` and their scale for each kBlock values of each
/// row. A value that is not finite makes the scale no number.
template <class V, bool kFast>
void quantize(const float* x, std::ptrdiff_t stride, const Panel& panel) {
  constexpr float kMost = kFast ? 127.0F : static_cast<float>(kLargestDigits);
  constexpr int kWords = kFast ? 1 : 2;
  const int rows = panel.rows;
  for (int r = 0; r < rows; ++r) {
    const float* row = x + r * stride;
    for (int block = 0; block < panel.in / kBlock; ++block) {
      const auto a = V::load(row + block * kBlock);
      const auto b = V::load(row + block * kBlock + kTile);
      const float most = V::largest(V::max(V::abs(a), V::abs(b)));
      const auto zero = V::set(0.0F);
      const float poison = V::sum(V::fma(a, zero, V::mul(b, zero)));
      const auto by = V::set(most > 0.0F ? kMost / most : 0.0F);
      // Within bounds even where a value is no number.
      const auto bounded = [&by](const auto& v) {
        return V::min(V::max(V::mul(v, by), V::set(-kMost)), V::set(kMost));
      };
      std::int32_t digits[kBlock];
      V::store_ints(digits, V::round(bounded(a)));
      V::store_ints(digits + kTile, V::round(bounded(b)));
      std::int32_t total = 0;
      for (const std::int32_t digit : digits) {
        total += digit;
      }
      const float scale = most / kMost + poison;
      panel.scales[block * rows + r] = scale;
      panel.totals[block * rows + r] = total;
      panel.sums[block * rows + r] = scale * static_cast<float>(total);
      auto* quads = panel.quads + block * (kBlock / 4) * kWords * rows + r;
      for (int i = 0; i < kBlock; i += 4, quads += kWords * rows) {
        if constexpr (kFast) {
          *quads = static_cast<std::int32_t>(
              (static_cast<std::uint32_t>(digits[i]) & 0xffU) |
              ((static_cast<std::uint32_t>(digits[i + 1]) & 0xffU) << 8) |
              ((static_cast<std::uint32_t>(digits[i + 2]) & 0xffU) << 16) |
              (static_cast<std::uint32_t>(digits[i + 3]) << 24));
        } else {
          V::encode_exact(digits + i, quads, rows);
        }
      }
    }
  }
}

/// What passes by once comes from memory, and what a processor fetches ahead by
/// itself stops at every page of 4 KiB: so further ahead than that. Past the end
/// of everything this does nothing.
inline void fetch_ahead(const std::byte* data, std::size_t ahead = 4096) {
  __builtin_prefetch(reinterpret_cast<const void*>(
      reinterpret_cast<std::uintptr_t>(data) + ahead));
}

template <class V, bool kFast, int kBits, bool kSymmetric, Stored kScale, int R>
void quantized_tile(
    const TileArgs& args, const std::byte* weights, float* out) {
  constexpr int kSteps = kBlock * kBits / 8 / 4; // of 64 bytes in a block
  constexpr int kWords = kFast ? 1 : 2;
  constexpr std::size_t kScaleBytes = kTile * bytes_of(kScale);
  const int per_group = args.layout->group / kBlock;
  const std::int32_t* x = args.x.quads;
  const float* scales = args.x.scales;
  const std::int32_t* totals = args.x.totals;
  const float* block_sums = args.x.sums;
  typename V::F sum[R];
  for (auto& row : sum) {
    row = V::set(0.0F);
  }
  for (int block = 0; block < args.x.in / kBlock;) {
    const auto scale = load_stored<V, kScale>(weights);
    auto bias = V::set(0.0F);
    if constexpr (!kSymmetric) {
      bias = load_stored<V, kScale>(weights + kScaleBytes);
    }
    weights += kScaleBytes * (kSymmetric ? 1 : 2);
    for (const int end = block + per_group; block < end; ++block) {
      typename V::template Sums<kFast, R> sums;
      for (int r = 0; r < R; ++r) {
        sums.start(r, kSymmetric ? -args.layout->zero * totals[r] : 0);
      }
      for (int step = 0; step < kSteps; ++step) {
        fetch_ahead(weights);
        sums.template add<kBits>(weights, x);
        weights += 64;
        x += kBlock / 4 / kSteps * kWords * R;
      }
      for (int r = 0; r < R; ++r) {
        const auto by = V::set(scales[r]);
        sum[r] = V::fma(sums.finish(r), V::mul(scale, by), sum[r]);
        if constexpr (!kSymmetric) {
          sum[r] = V::fma(bias, V::set(block_sums[r]), sum[r]);
        }
      }
      scales += R;
      totals += R;
      block_sums += R;
    }
  }
  for (int r = 0; r < R; ++r) {
    V::store(out + r * args.stride, sum[r]);
  }
}

/// kTiles at once where there are few rows, so that sums do not wait for each
/// other.
template <class V, Stored kType, int R, int kTiles>
void dense_tile(const TileArgs& args, const std::byte* weights, float* out) {
  const std::size_t apart = args.layout->tile_bytes();
  typename V::F sum[R][kTiles];
  for (int r = 0; r < R; ++r) {
    for (int t = 0; t < kTiles; ++t) {
      sum[r][t] = V::set(0.0F);
    }
  }
  const float* x = args.x.values;
  for (int i = 0; i < args.x.in; ++i, x += R) {
    typename V::F w[kTiles];
    for (int t = 0; t < kTiles; ++t) {
      w[t] =
          load_stored<V, kType>(weights + static_cast<std::size_t>(t) * apart);
    }
    weights += kTile * bytes_of(kType);
    for (int r = 0; r < R; ++r) {
      const auto in = V::set(x[r]);
      for (int t = 0; t < kTiles; ++t) {
        sum[r][t] = V::fma(w[t], in, sum[r][t]);
      }
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int t = 0; t < kTiles; ++t) {
      V::store(out + r * args.stride + t * kTile, sum[r][t]);
    }
  }
}

/// Calls f<R>() for R == rows.
template <int kMost, class Call>
void with_rows(int rows, Call call) {
  switch (rows) {
    case 1:
      return call.template operator()<1>();
    case 2:
      return call.template operator()<2>();
    default:
      break;
  }
  if constexpr (kMost >= 4) {
    if (rows == 3) {
      return call.template operator()<3>();
    }
    if (rows == 4) {
      return call.template operator()<4>();
    }
  }
  if constexpr (kMost >= 12) {
    if (rows == 8) {
      return call.template operator()<8>();
    }
    return call.template operator()<12>();
  }
}

/// Calls f<kAtOnce>(tile) for all tiles, some at once.
template <int kAtOnce, class Call>
void for_tiles(int n_tiles, Call call) {
  int t = 0;
  for (; t + kAtOnce <= n_tiles; t += kAtOnce) {
    call.template operator()<kAtOnce>(t);
  }
  if constexpr (kAtOnce > 1) {
    for (; t < n_tiles; ++t) {
      call.template operator()<1>(t);
    }
  }
}

template <class V, bool kFast, int kBits, bool kSymmetric, Stored kScale>
void quantized_tiles(const TileArgs& args) {
  with_rows<V::kRows>(args.x.rows, [&]<int R>() {
    for (int t = 0; t < args.n_tiles; ++t) {
      quantized_tile<V, kFast, kBits, kSymmetric, kScale, R>(
          args,
          args.weights +
              static_cast<std::size_t>(t) * args.layout->tile_bytes(),
          args.out + t * kTile);
    }
  });
}

template <class V, Stored kType>
void dense_tiles(const TileArgs& args) {
  with_rows<V::kRows>(args.x.rows, [&]<int R>() {
    constexpr int kAtOnce = R <= 2 && V::kRows >= 4 ? 4 : 1;
    for_tiles<kAtOnce>(args.n_tiles, [&]<int T>(int t) {
      dense_tile<V, kType, R, T>(
          args,
          args.weights +
              static_cast<std::size_t>(t) * args.layout->tile_bytes(),
          args.out + t * kTile);
    });
  });
}

} // namespace

} // namespace lockstep::kernels
