#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <immintrin.h>

#include "kernels/lanes_x86.h"

namespace lockstep::kernels {

namespace {

/// AVX2 with FMA and F16C; sixteen lanes are two registers.
/// See lanes_portable.h for what each function means.
struct Avx2 {
  static constexpr int kRows = 2;
  static constexpr bool kHasBytes = false;
  struct F {
    __m256 lo, hi;
  };
  struct I {
    __m256i lo, hi;
  };

  static F set(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
  static F load(const float* p) {
    return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
  }
  static F load_f16(const std::uint16_t* p) {
    return {_mm256_cvtph_ps(words(p)), _mm256_cvtph_ps(words(p + 8))};
  }
  static F load_bf16(const std::uint16_t* p) {
    return {widened(words(p)), widened(words(p + 8))};
  }
  static F load_i16(const std::int16_t* p) {
    const auto* from = reinterpret_cast<const std::uint16_t*>(p);
    return {
        _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(words(from))),
        _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(words(from + 8)))};
  }
  static F load_i8(const std::int8_t* p) {
    const __m128i all = words(reinterpret_cast<const std::uint16_t*>(p));
    return {
        _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(all)),
        _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(all, 8)))};
  }
  static void store(float* p, F x) {
    _mm256_storeu_ps(p, x.lo);
    _mm256_storeu_ps(p + 8, x.hi);
  }
  static void store_ints(std::int32_t* p, I x) {
    auto* to = reinterpret_cast<__m256i*>(p);
    _mm256_storeu_si256(to, x.lo);
    _mm256_storeu_si256(to + 1, x.hi);
  }
  static F add(F a, F b) {
    return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)};
  }
  static F sub(F a, F b) {
    return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)};
  }
  static F mul(F a, F b) {
    return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)};
  }
  static F div(F a, F b) {
    return {_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)};
  }
  static F fma(F a, F b, F c) {
    return {
        _mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
  }
  static F max(F a, F b) {
    return {_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)};
  }
  static F min(F a, F b) {
    return {_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)};
  }
  static F abs(F a) {
    const __m256 sign = _mm256_set1_ps(-0.0F);
    return {_mm256_andnot_ps(sign, a.lo), _mm256_andnot_ps(sign, a.hi)};
  }
  static I round(F a) {
    return {_mm256_cvtps_epi32(a.lo), _mm256_cvtps_epi32(a.hi)};
  }
  static F to_float(I a) {
    return {_mm256_cvtepi32_ps(a.lo), _mm256_cvtepi32_ps(a.hi)};
  }
  static F power_of_two(I n) {
    return {power_of_two(n.lo), power_of_two(n.hi)};
  }
  static float sum(F x) {
    const __m256 a = _mm256_add_ps(x.lo, x.hi);
    const __m128 b =
        _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_shuffle_ps(c, c, 1)));
  }
  static float largest(F x) {
    const __m256 a = _mm256_max_ps(x.lo, x.hi);
    const __m128 b =
        _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(c, _mm_shuffle_ps(c, c, 1)));
  }

  static void encode_exact(
      const std::int32_t* x, std::int32_t* quad, int rows) {
    encode_pairs(x, quad, rows);
  }

  template <bool kFast, int R>
  struct Sums {
    I acc[R];

    void start(int r, std::int32_t x) {
      acc[r] = {_mm256_set1_epi32(x), _mm256_set1_epi32(x)};
    }
    template <int kBits>
    void add(const std::byte* codes, const std::int32_t* x) {
      const auto* p = reinterpret_cast<const __m256i*>(codes);
      const I w{_mm256_loadu_si256(p), _mm256_loadu_si256(p + 1)};
      const __m256i mask = _mm256_set1_epi16(kBits == 4 ? 0x0f : 0xff);
      pairs(masked(w, mask), x);
      if constexpr (kBits == 4) {
        pairs(masked(shifted<8>(w), mask), x + R);
        pairs(masked(shifted<4>(w), mask), x + 2 * R);
        pairs(shifted<12>(w), x + 3 * R);
      } else {
        pairs(shifted<8>(w), x + R);
      }
    }
    F finish(int r) const { return to_float(acc[r]); }
    void pairs(I w, const std::int32_t* x) {
      for (int r = 0; r < R; ++r) {
        const __m256i in = _mm256_set1_epi32(x[r]);
        acc[r].lo = _mm256_add_epi32(acc[r].lo, _mm256_madd_epi16(w.lo, in));
        acc[r].hi = _mm256_add_epi32(acc[r].hi, _mm256_madd_epi16(w.hi, in));
      }
    }
  };

 private:
  static __m128i words(const std::uint16_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
  static __m256 widened(__m128i x) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16));
  }
  static __m256 power_of_two(__m256i n) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
  }
  static I masked(I x, __m256i mask) {
    return {_mm256_and_si256(x.lo, mask), _mm256_and_si256(x.hi, mask)};
  }
  template <int kBy>
  static I shifted(I x) {
    return {_mm256_srli_epi16(x.lo, kBy), _mm256_srli_epi16(x.hi, kBy)};
  }
};

} // namespace

} // namespace lockstep::kernels
