#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/half.h"

namespace lockstep::kernels {

namespace {

/// Sixteen lanes in plain C++, and the meaning of what every other lanes_*.h
/// has under the same names. All give the same bits: multiply-adds are fused,
/// sums over lanes follow one tree, and rounding is to nearest even.
struct Portable {
  static constexpr int kRows = 4;          // most rows of a panel
  static constexpr bool kHasBytes = false; // fast kernels of its own
  struct F {
    alignas(64) float v[16];
  };
  struct I {
    alignas(64) std::int32_t v[16];
  };

  template <class Result, class Each>
  static Result lanes(Each each) {
    Result x;
    for (int i = 0; i < 16; ++i) {
      x.v[i] = each(i);
    }
    return x;
  }

  static F set(float x) {
    return lanes<F>([&](int) { return x; });
  }
  static F load(const float* p) {
    return lanes<F>([&](int i) { return p[i]; });
  }
  static F load_f16(const std::uint16_t* p) {
    return lanes<F>([&](int i) { return float_from_f16(p[i]); });
  }
  static F load_bf16(const std::uint16_t* p) {
    return lanes<F>([&](int i) { return float_from_bf16(p[i]); });
  }
  static F load_i16(const std::int16_t* p) {
    return lanes<F>([&](int i) { return static_cast<float>(p[i]); });
  }
  static F load_i8(const std::int8_t* p) {
    return lanes<F>([&](int i) { return static_cast<float>(p[i]); });
  }
  static void store(float* p, const F& x) { std::memcpy(p, x.v, sizeof x.v); }
  static void store_ints(std::int32_t* p, const I& x) {
    std::memcpy(p, x.v, sizeof x.v);
  }
  static F add(const F& a, const F& b) {
    return lanes<F>([&](int i) { return a.v[i] + b.v[i]; });
  }
  static F sub(const F& a, const F& b) {
    return lanes<F>([&](int i) { return a.v[i] - b.v[i]; });
  }
  static F mul(const F& a, const F& b) {
    return lanes<F>([&](int i) { return a.v[i] * b.v[i]; });
  }
  static F div(const F& a, const F& b) {
    return lanes<F>([&](int i) { return a.v[i] / b.v[i]; });
  }
  static F fma(const F& a, const F& b, const F& c) { // a * b + c
    return lanes<F>([&](int i) { return std::fma(a.v[i], b.v[i], c.v[i]); });
  }
  static F max(const F& a, const F& b) { // b where either is no number
    return lanes<F>([&](int i) { return a.v[i] > b.v[i] ? a.v[i] : b.v[i]; });
  }
  static F min(const F& a, const F& b) { // b where either is no number
    return lanes<F>([&](int i) { return a.v[i] < b.v[i] ? a.v[i] : b.v[i]; });
  }
  static F abs(const F& a) {
    return lanes<F>([&](int i) { return std::fabs(a.v[i]); });
  }
  static I round(const F& a) { // of at most 2^31
    return lanes<I>([&](int i) {
      return static_cast<std::int32_t>(std::nearbyint(a.v[i]));
    });
  }
  static F to_float(const I& a) {
    return lanes<F>([&](int i) { return static_cast<float>(a.v[i]); });
  }
  static F power_of_two(const I& n) { // n from -126 to 127
    return lanes<F>([&](int i) {
      return float_from_bits(static_cast<std::uint32_t>(n.v[i] + 127) << 23);
    });
  }
  /// Lane i + lane i + 8, of those i + i + 4, and so on.
  static float sum(const F& x) {
    F s = x;
    for (int half = 8; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) {
        s.v[i] += s.v[i + half];
      }
    }
    return s.v[0];
  }
  static float largest(const F& x) {
    float most = x.v[0];
    for (int i = 1; i < 16; ++i) {
      most = x.v[i] > most ? x.v[i] : most;
    }
    return most;
  }

  /// Four integers of at most kLargestDigits, as Sums wants them: the
  /// first of two words to quad[0], the other to quad[rows].
  static void encode_exact(
      const std::int32_t* x, std::int32_t* quad, int rows) {
    const std::int16_t pairs[4] = {
        static_cast<std::int16_t>(x[0]),
        static_cast<std::int16_t>(x[1]),
        static_cast<std::int16_t>(x[2]),
        static_cast<std::int16_t>(x[3])};
    std::memcpy(quad, pairs, 4);
    std::memcpy(quad + rows, pairs + 2, 4);
  }

  /// Sums of products of codes with the integers of R rows, one for each
  /// output and row. Codes come in steps of 64 bytes (see Layout), with the
  /// quads that go with them.
  template <bool kFast, int R>
  struct Sums {
    I acc[R];

    void start(int r, std::int32_t x) {
      acc[r] = lanes<I>([&](int) { return x; });
    }
    template <int kBits>
    void add(const std::byte* codes, const std::int32_t* x) {
      constexpr int kQuads = kBits == 4 ? 2 : 1;
      for (int r = 0; r < R; ++r) {
        std::int16_t in[4 * kQuads];
        for (int k = 0; k < 2 * kQuads; ++k) {
          std::memcpy(in + 2 * k, x + k * R + r, 4);
        }
        for (int i = 0; i < 16; ++i) {
          for (int j = 0; j < 4; ++j) {
            const auto code = static_cast<int>(codes[4 * i + j]);
            if constexpr (kBits == 4) {
              acc[r].v[i] += (code & 15) * in[j] + (code >> 4) * in[4 + j];
            } else {
              acc[r].v[i] += code * in[j];
            }
          }
        }
      }
    }
    F finish(int r) const { return to_float(acc[r]); }
  };
};

} // namespace

} // namespace lockstep::kernels
