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
  struct F {
    float32x4_t v[4];
  };
  struct I {
    int32x4_t v[4];
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
  static F load_i16(const std::int16_t* p) {
    return each<F>(
        [&](int i) { return vcvtq_f32_s32(vmovl_s16(vld1_s16(p + 4 * i))); });
  }
  static F load_i8(const std::int8_t* p) {
    const int8x16_t all = vld1q_s8(p);
    const int16x8_t low = vmovl_s8(vget_low_s8(all));
    const int16x8_t high = vmovl_s8(vget_high_s8(all));
    return each<F>([&](int i) {
      const int16x8_t half = i < 2 ? low : high;
      return vcvtq_f32_s32(
          vmovl_s16(i % 2 == 0 ? vget_low_s16(half) : vget_high_s16(half)));
    });
  }
  static void store(float* p, const F& x) {
    for (int i = 0; i < 4; ++i) {
      vst1q_f32(p + 4 * i, x.v[i]);
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

  template <bool kFast, int R>
  struct Sums {
    static constexpr int kDigits = kFast ? 1 : 2; // high, low; or all in one
    I acc[R][kDigits];

    void start(int r, std::int32_t x) {
      for (int d = 0; d < kDigits; ++d) {
        acc[r][d] =
            each<I>([&](int) { return vdupq_n_s32(d == kDigits - 1 ? x : 0); });
      }
    }
    template <int kBits>
    void add(const std::byte* codes, const std::int32_t* x) {
      for (int i = 0; i < 4; ++i) {
        const uint8x16_t w =
            vld1q_u8(reinterpret_cast<const std::uint8_t*>(codes + 16 * i));
        if constexpr (kBits == 4) {
          quads(i, vreinterpretq_s8_u8(vandq_u8(w, vdupq_n_u8(15))), x);
          quads(i, vreinterpretq_s8_u8(vshrq_n_u8(w, 4)), x + kDigits * R);
        } else {
          // As signed bytes codes are 128 less, which 2 * 64 makes good.
          quads(i, vreinterpretq_s8_u8(veorq_u8(w, vdupq_n_u8(0x80))), x);
          quads(i, vdupq_n_s8(64), x);
          quads(i, vdupq_n_s8(64), x);
        }
      }
    }
    F finish(int r) const {
      return each<F>([&](int i) {
        int32x4_t sum = acc[r][kDigits - 1].v[i];
        if constexpr (kDigits == 2) {
          sum = vaddq_s32(sum, vshlq_n_s32(acc[r][0].v[i], 8));
        }
        return vcvtq_f32_s32(sum);
      });
    }
    void quads(int i, int8x16_t w, const std::int32_t* x) {
      for (int r = 0; r < R; ++r) {
        for (int d = 0; d < kDigits; ++d) {
          auto& sum = acc[r][d].v[i];
          const auto in = vreinterpretq_s8_s32(vdupq_n_s32(x[d * R + r]));
          sum = vdotq_s32(sum, w, in);
        }
      }
    }
  };
};

} // namespace

} // namespace lockstep::kernels
