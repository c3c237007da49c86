#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <immintrin.h>

#include "kernels/lanes_x86.h"

namespace lockstep::kernels {

namespace {

/// AVX-512 with F, BW, VL and DQ. `kVnni`: with its dot products.
/// See lanes_portable.h for what each function means.
template <bool kVnni>
struct Avx512 {
  static constexpr int kRows = 12;
  static constexpr bool kHasBytes = kVnni; // dot products of bytes
  using F = __m512;
  using I = __m512i;

  static F set(float x) { return _mm512_set1_ps(x); }
  static F load(const float* p) { return _mm512_loadu_ps(p); }
  static F load_f16(const std::uint16_t* p) {
    return _mm512_cvtph_ps(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static F load_bf16(const std::uint16_t* p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(
        _mm512_cvtepu16_epi32(
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))),
        16));
  }
  static F load_i16(const std::int16_t* p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))));
  }
  static F load_i8(const std::int8_t* p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
  }
  static void store(float* p, F x) { _mm512_storeu_ps(p, x); }
  static void store_ints(std::int32_t* p, I x) { _mm512_storeu_si512(p, x); }
  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  static F div(F a, F b) { return _mm512_div_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  static F max(F a, F b) { return _mm512_max_ps(a, b); }
  static F min(F a, F b) { return _mm512_min_ps(a, b); }
  static F abs(F a) { return _mm512_abs_ps(a); }
  static I round(F a) { return _mm512_cvtps_epi32(a); }
  static F to_float(I a) { return _mm512_cvtepi32_ps(a); }
  static F power_of_two(I n) {
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_add_epi32(n, _mm512_set1_epi32(127)), 23));
  }
  static float sum(F x) {
    const __m256 a =
        _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
    const __m128 b =
        _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_shuffle_ps(c, c, 1)));
  }
  static float largest(F x) { return _mm512_reduce_max_ps(x); }

  // Few rows: the high digits of the inputs in one word, the low ones in the
  // other; fewer steps to unpack the weights, which then are what takes time.
  // Many: two inputs in a word each, whose sums need no putting together.
  static constexpr bool takes_digits(int rows) { return kVnni && rows <= 4; }

  static void encode_exact(
      const std::int32_t* x, std::int32_t* quad, int rows) {
    if (!takes_digits(rows)) {
      encode_pairs(x, quad, rows);
      return;
    }
    std::uint32_t high = 0;
    std::uint32_t low = 0;
    for (int i = 3; i >= 0; --i) {
      const std::int32_t digit = (x[i] + 128) >> 8;
      high = (high << 8) | (static_cast<std::uint32_t>(digit) & 0xffU);
      low = (low << 8) | (static_cast<std::uint32_t>(x[i]) & 0xffU);
    }
    quad[0] = static_cast<std::int32_t>(high);
    quad[rows] = static_cast<std::int32_t>(low);
  }

  // In assembly because GCC broadcasts into a register of its own and copies
  // accumulators, and then has too few registers for twelve rows.
  static void dot_bytes(I& acc, I weights, const std::int32_t* quad) {
    asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(acc) : "v"(weights), "m"(*quad));
  }
  static void dot_pairs(I& acc, I weights, const std::int32_t* pair) {
    if constexpr (kVnni) {
      asm("vpdpwssd %2%{1to16%}, %1, %0"
          : "+v"(acc)
          : "v"(weights), "m"(*pair));
    } else {
      acc = _mm512_add_epi32(
          acc, _mm512_madd_epi16(weights, _mm512_set1_epi32(*pair)));
    }
  }

  /// Of rows of two inputs in a word.
  template <int R>
  struct PairSums {
    static constexpr int kSplit = R <= 8 ? 2 : 1;
    I acc[kSplit][R];

    void start(int r, std::int32_t x) {
      acc[0][r] = _mm512_set1_epi32(x);
      if constexpr (kSplit > 1) {
        acc[1][r] = _mm512_setzero_si512();
      }
    }
    template <int kBits>
    void add(const std::byte* codes, const std::int32_t* x) {
      const I w = _mm512_loadu_si512(codes);
      const I mask = _mm512_set1_epi16(kBits == 4 ? 0x0f : 0xff);
      pairs(0, _mm512_and_si512(w, mask), x);
      if constexpr (kBits == 4) {
        pairs(1, _mm512_and_si512(_mm512_srli_epi16(w, 8), mask), x + R);
        pairs(0, _mm512_and_si512(_mm512_srli_epi16(w, 4), mask), x + 2 * R);
        pairs(1, _mm512_srli_epi16(w, 12), x + 3 * R);
      } else {
        pairs(1, _mm512_srli_epi16(w, 8), x + R);
      }
    }
    F finish(int r) const {
      if constexpr (kSplit > 1) {
        return _mm512_cvtepi32_ps(_mm512_add_epi32(acc[0][r], acc[1][r]));
      } else {
        return _mm512_cvtepi32_ps(acc[0][r]);
      }
    }
    void pairs(int split, I w, const std::int32_t* x) {
      for (int r = 0; r < R; ++r) {
        dot_pairs(acc[split % kSplit][r], w, x + r);
      }
    }
  };

  /// Of rows of bytes: of single ones, or of two digits each.
  template <int R, int kDigits>
  struct ByteSums {
    I acc[kDigits][R];

    void start(int r, std::int32_t x) {
      for (int d = 0; d < kDigits; ++d) {
        acc[d][r] = _mm512_set1_epi32(d == kDigits - 1 ? x : 0);
      }
    }
    template <int kBits>
    void add(const std::byte* codes, const std::int32_t* x) {
      const I w = _mm512_loadu_si512(codes);
      if constexpr (kBits == 4) {
        const I mask = _mm512_set1_epi8(0x0f);
        quads(_mm512_and_si512(w, mask), x);
        quads(_mm512_and_si512(_mm512_srli_epi16(w, 4), mask), x + kDigits * R);
      } else {
        quads(w, x);
      }
    }
    F finish(int r) const {
      I sum = acc[kDigits - 1][r];
      if constexpr (kDigits == 2) {
        sum = _mm512_add_epi32(_mm512_slli_epi32(acc[0][r], 8), sum);
      }
      return _mm512_cvtepi32_ps(sum);
    }
    void quads(I w, const std::int32_t* x) {
      for (int d = 0; d < kDigits; ++d) {
        for (int r = 0; r < R; ++r) {
          dot_bytes(acc[d][r], w, x + d * R + r);
        }
      }
    }
  };

  template <bool kFast, int R>
  using Sums = std::conditional_t<
      kFast,
      ByteSums<R, 1>,
      std::conditional_t<takes_digits(R), ByteSums<R, 2>, PairSums<R>>>;
};

} // namespace

} // namespace lockstep::kernels
