#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <immintrin.h>

namespace lockstep::kernels {

namespace {

/// AVX-512 with F, BW, VL and DQ. `kVnni`: with its dot products.
/// See lanes_portable.h for what each function means.
template <bool kVnni>
struct Avx512 {
  static constexpr int kRows = 12;
  static constexpr bool kHasBytes = kVnni; // dot products of bytes
  template <int R>
  static constexpr int kSplit = R <= 2   ? 4
                                : R <= 4 ? 2
                                         : 1;
  template <int R>
  static constexpr int kTiles = 1;
  using F = __m512;
  using I = __m512i;
  using Acc = __m512i;

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
  static void store(float* p, F x) { _mm512_storeu_ps(p, x); }
  static void store_f16(std::uint16_t* p, F x) {
    _mm256_storeu_si256(
        reinterpret_cast<__m256i*>(p),
        _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
  }
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

  static Acc start(std::int32_t x) { return _mm512_set1_epi32(x); }
  static F finish(Acc acc) { return _mm512_cvtepi32_ps(acc); }

  static Acc dot(Acc acc, __m512i weights, std::int32_t pair) {
    const __m512i x = _mm512_set1_epi32(pair);
    if constexpr (kVnni) {
      return _mm512_dpwssd_epi32(acc, weights, x);
    } else {
      return _mm512_add_epi32(acc, _mm512_madd_epi16(weights, x));
    }
  }

  // Words 0 and 2 of four bytes hold inputs 0 and 2, shifted 1 and 3.
  static void encode_exact(
      const std::int32_t* x, std::int32_t* quad, int rows) {
    quad[0] = static_cast<std::int32_t>(
        (static_cast<std::uint32_t>(x[0]) & 0xffffU) |
        (static_cast<std::uint32_t>(x[2]) << 16));
    quad[rows] = static_cast<std::int32_t>(
        (static_cast<std::uint32_t>(x[1]) & 0xffffU) |
        (static_cast<std::uint32_t>(x[3]) << 16));
  }

  static Acc add_acc(Acc a, Acc b) { return _mm512_add_epi32(a, b); }

  template <int kBits, int R, int kSplit>
  static void exact_step(
      Acc (&acc)[kSplit][R], const std::byte* codes, const std::int32_t* x) {
    const __m512i w = _mm512_loadu_si512(codes);
    const __m512i mask = _mm512_set1_epi16(kBits == 4 ? 0x0f : 0xff);
    pairs<R>(acc[0], _mm512_and_si512(w, mask), x);
    if constexpr (kBits == 4) {
      pairs<R>(
          acc[1 % kSplit],
          _mm512_and_si512(_mm512_srli_epi16(w, 8), mask),
          x + R);
      pairs<R>(
          acc[2 % kSplit],
          _mm512_and_si512(_mm512_srli_epi16(w, 4), mask),
          x + 2 * R);
      pairs<R>(acc[3 % kSplit], _mm512_srli_epi16(w, 12), x + 3 * R);
    } else {
      pairs<R>(acc[1 % kSplit], _mm512_srli_epi16(w, 8), x + R);
    }
  }

  template <int kBits, int R, int kSplit>
  static void fast_step(
      Acc (&acc)[kSplit][R], const std::byte* codes, const std::int32_t* x) {
    const __m512i w = _mm512_loadu_si512(codes);
    if constexpr (kBits == 4) {
      const __m512i mask = _mm512_set1_epi8(0x0f);
      bytes<R>(acc[0], _mm512_and_si512(w, mask), x);
      bytes<R>(
          acc[1 % kSplit],
          _mm512_and_si512(_mm512_srli_epi16(w, 4), mask),
          x + R);
    } else {
      bytes<R>(acc[0], w, x);
    }
  }

 private:
  template <int R>
  static void pairs(Acc (&acc)[R], __m512i w, const std::int32_t* x) {
    for (int r = 0; r < R; ++r) {
      acc[r] = dot(acc[r], w, x[r]);
    }
  }

  template <int R>
  static void bytes(Acc (&acc)[R], __m512i w, const std::int32_t* x) {
    for (int r = 0; r < R; ++r) {
      acc[r] = _mm512_dpbusd_epi32(acc[r], w, _mm512_set1_epi32(x[r]));
    }
  }
};

} // namespace

} // namespace lockstep::kernels
