#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <arm_neon.h>

namespace lockstep::kernels {

namespace {

/// NEON of 64-bit ARM with dot products (ARMv8.2); sixteen lanes are four
/// registers. An integer of 16 bits is two signed digits of 8.
/// See lanes_portable.h for what each function means.
struct Neon {
  static constexpr int kRows = 2;
  static constexpr bool kHasBytes = true;
  template <int R>
  static constexpr int kSplit = 1;
  template <int R>
  static constexpr int kTiles = 1;
  struct F {
    float32x4_t v[4];
  };
  struct I {
    int32x4_t v[4];
  };
  struct Acc {
    I high, low; // digits: value = 256 * high + low
  };

  template <class Result, class Each>
  static Result each(Each f) {
    return {{f(0), f(1), f(2), f(3)}};
  }

  static F set(float x) {
    return each<F>([&](int) { return vdupq_n_f32(x); });
  }
  static F load(const float* p) {
    return each<F>([&](int i) { return vld1q_f32(p + 4 * i); });
  }
  static F load_f16(const std::uint16_t* p) {
    return each<F>([&](int i) {
      return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p + 4 * i)));
    });
  }
  static F load_bf16(const std::uint16_t* p) {
    return each<F>([&](int i) {
      return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p + 4 * i), 16));
    });
  }
  static void store(float* p, const F& x) {
    for (int i = 0; i < 4; ++i) {
      vst1q_f32(p + 4 * i, x.v[i]);
    }
  }
  static void store_f16(std::uint16_t* p, const F& x) {
    for (int i = 0; i < 4; ++i) {
      vst1_u16(p + 4 * i, vreinterpret_u16_f16(vcvt_f16_f32(x.v[i])));
    }
  }
  static void store_ints(std::int32_t* p, const I& x) {
    for (int i = 0; i < 4; ++i) {
      vst1q_s32(p + 4 * i, x.v[i]);
    }
  }
  static F add(const F& a, const F& b) {
    return each<F>([&](int i) { return vaddq_f32(a.v[i], b.v[i]); });
  }
  static F sub(const F& a, const F& b) {
    return each<F>([&](int i) { return vsubq_f32(a.v[i], b.v[i]); });
  }
  static F mul(const F& a, const F& b) {
    return each<F>([&](int i) { return vmulq_f32(a.v[i], b.v[i]); });
  }
  static F div(const F& a, const F& b) {
    return each<F>([&](int i) { return vdivq_f32(a.v[i], b.v[i]); });
  }
  static F fma(const F& a, const F& b, const F& c) {
    return each<F>([&](int i) { return vfmaq_f32(c.v[i], a.v[i], b.v[i]); });
  }
  static F max(const F& a, const F& b) {
    return each<F>([&](int i) {
      return vbslq_f32(vcgtq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]);
    });
  }
  static F min(const F& a, const F& b) {
    return each<F>([&](int i) {
      return vbslq_f32(vcltq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]);
    });
  }
  static F abs(const F& a) {
    return each<F>([&](int i) { return vabsq_f32(a.v[i]); });
  }
  static I round(const F& a) {
    return each<I>([&](int i) { return vcvtnq_s32_f32(a.v[i]); });
  }
  static F to_float(const I& a) {
    return each<F>([&](int i) { return vcvtq_f32_s32(a.v[i]); });
  }
  static F power_of_two(const I& n) {
    return each<F>([&](int i) {
      return vreinterpretq_f32_s32(
          vshlq_n_s32(vaddq_s32(n.v[i], vdupq_n_s32(127)), 23));
    });
  }
  static float sum(const F& x) {
    const float32x4_t a =
        vaddq_f32(vaddq_f32(x.v[0], x.v[2]), vaddq_f32(x.v[1], x.v[3]));
    const float32x2_t b = vadd_f32(vget_low_f32(a), vget_high_f32(a));
    return vget_lane_f32(b, 0) + vget_lane_f32(b, 1);
  }
  static float largest(const F& x) {
    return vmaxvq_f32(
        vmaxq_f32(vmaxq_f32(x.v[0], x.v[1]), vmaxq_f32(x.v[2], x.v[3])));
  }

  static Acc start(std::int32_t x) {
    return {each<I>([&](int) { return vdupq_n_s32(0); }), each<I>([&](int) {
              return vdupq_n_s32(x);
            })};
  }
  static F finish(const Acc& acc) {
    return each<F>([&](int i) {
      return vcvtq_f32_s32(
          vaddq_s32(acc.low.v[i], vshlq_n_s32(acc.high.v[i], 8)));
    });
  }

  // The high digits of four inputs in one word, the low ones in the other.
  static void encode_exact(
      const std::int32_t* x, std::int32_t* quad, int rows) {
    std::int8_t digits[8];
    for (int i = 0; i < 4; ++i) {
      const std::int32_t high = (x[i] + 128) >> 8;
      digits[i] = static_cast<std::int8_t>(high);
      digits[4 + i] = static_cast<std::int8_t>(x[i] - high * 256);
    }
    std::memcpy(quad, digits, 4);
    std::memcpy(quad + rows, digits + 4, 4);
  }

  static Acc add_acc(const Acc& a, const Acc& b) {
    return {
        each<I>([&](int i) { return vaddq_s32(a.high.v[i], b.high.v[i]); }),
        each<I>([&](int i) { return vaddq_s32(a.low.v[i], b.low.v[i]); })};
  }

  // Eight sums of a row do not wait for each other as they are.
  template <int kBits, int R, int kSplit>
  static void exact_step(
      Acc (&accs)[kSplit][R], const std::byte* codes, const std::int32_t* x) {
    auto& acc = accs[0];
    for (int i = 0; i < 4; ++i) {
      const uint8x16_t w = load_codes(codes + 16 * i);
      if constexpr (kBits == 4) {
        const uint8x16_t low = vandq_u8(w, vdupq_n_u8(15));
        digits<R>(acc, i, vreinterpretq_s8_u8(low), x);
        digits<R>(acc, i, vreinterpretq_s8_u8(vshrq_n_u8(w, 4)), x + 2 * R);
      } else {
        // As signed bytes codes are 128 less; the sum of the inputs is added.
        digits<R>(acc, i, centered(w), x);
        digits<R>(acc, i, vdupq_n_s8(64), x);
        digits<R>(acc, i, vdupq_n_s8(64), x);
      }
    }
  }

  template <int kBits, int R, int kSplit>
  static void fast_step(
      Acc (&accs)[kSplit][R], const std::byte* codes, const std::int32_t* x) {
    auto& acc = accs[0];
    for (int i = 0; i < 4; ++i) {
      const uint8x16_t w = load_codes(codes + 16 * i);
      if constexpr (kBits == 4) {
        const uint8x16_t low = vandq_u8(w, vdupq_n_u8(15));
        bytes<R>(acc, i, vreinterpretq_s8_u8(low), x);
        bytes<R>(acc, i, vreinterpretq_s8_u8(vshrq_n_u8(w, 4)), x + R);
      } else {
        bytes<R>(acc, i, centered(w), x);
        bytes<R>(acc, i, vdupq_n_s8(64), x);
        bytes<R>(acc, i, vdupq_n_s8(64), x);
      }
    }
  }

 private:
  static uint8x16_t load_codes(const std::byte* codes) {
    return vld1q_u8(reinterpret_cast<const std::uint8_t*>(codes));
  }
  static int8x16_t centered(uint8x16_t w) {
    return vreinterpretq_s8_u8(veorq_u8(w, vdupq_n_u8(0x80)));
  }
  static int8x16_t quad(std::int32_t x) {
    return vreinterpretq_s8_s32(vdupq_n_s32(x));
  }
  template <int R>
  static void digits(Acc (&acc)[R], int i, int8x16_t w, const std::int32_t* x) {
    for (int r = 0; r < R; ++r) {
      acc[r].high.v[i] = vdotq_s32(acc[r].high.v[i], w, quad(x[r]));
      acc[r].low.v[i] = vdotq_s32(acc[r].low.v[i], w, quad(x[R + r]));
    }
  }
  template <int R>
  static void bytes(Acc (&acc)[R], int i, int8x16_t w, const std::int32_t* x) {
    for (int r = 0; r < R; ++r) {
      acc[r].low.v[i] = vdotq_s32(acc[r].low.v[i], w, quad(x[r]));
    }
  }
};

} // namespace

} // namespace lockstep::kernels
