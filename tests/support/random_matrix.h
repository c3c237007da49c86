#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "base/half.h"
#include "kernels/packed_matrix.h"

namespace lockstep::testing {

/// A matrix [out, in] of random weights in some encoding, and its values.
class RandomMatrix {
 public:
  struct Kind {
    int bits = 4; // 0 = dense
    int group = 32;
    bool symmetric = false;
    kernels::Stored type = kernels::Stored::f16;
  };

  RandomMatrix(int out, int in, const Kind& kind, std::mt19937& random)
      : out_(out), in_(in), kind_(kind) {
    if (kind.bits == 0) {
      fill_dense(random);
    } else {
      fill_codes(random);
    }
  }

  kernels::PackedMatrix packed(
      kernels::Arena& arena, kernels::ThreadPool& pool) const {
    if (kind_.bits == 0) {
      return {kernels::DenseSource{out_, in_, words_, kind_.type}, arena, pool};
    }
    return {
        kernels::AffineSource{
            out_,
            in_,
            kind_.bits,
            kind_.group,
            words_,
            scales_,
            biases_,
            kind_.type},
        arena,
        pool};
  }

  double value(int out, int in) const {
    return values_[static_cast<std::size_t>(out * in_ + in)];
  }
  double largest() const { // of the values' sizes
    double most = 0.0;
    for (const double v : values_) {
      most = std::max(most, std::abs(v));
    }
    return most;
  }
  int out() const { return out_; }
  int in() const { return in_; }

  /// W x for one row, in double precision.
  std::vector<double> times(const float* x) const {
    std::vector<double> y(static_cast<std::size_t>(out_));
    for (int o = 0; o < out_; ++o) {
      for (int i = 0; i < in_; ++i) {
        y[static_cast<std::size_t>(o)] += value(o, i) * x[i];
      }
    }
    return y;
  }

 private:
  /// Appends x as it is stored. -> the value that was stored
  float put(std::vector<std::byte>& to, float x) const {
    const auto append = [&to](const auto& bits) {
      const auto* from = reinterpret_cast<const std::byte*>(&bits);
      to.insert(to.end(), from, from + sizeof bits);
    };
    switch (kind_.type) {
      case kernels::Stored::f32:
        append(x);
        return x;
      case kernels::Stored::f16:
        append(f16_from_float(x));
        return float_from_f16(f16_from_float(x));
      case kernels::Stored::bf16:
        break;
    }
    const auto half = static_cast<std::uint16_t>(bits_of_float(x) >> 16);
    append(half);
    return float_from_bf16(half);
  }

  void fill_dense(std::mt19937& random) {
    std::normal_distribution<float> normal(0.0F, 0.5F);
    for (int i = 0; i < out_ * in_; ++i) {
      values_.push_back(put(words_, normal(random)));
    }
  }

  void fill_codes(std::mt19937& random) {
    std::uniform_real_distribution<float> positive(0.01F, 0.1F);
    const auto zero = static_cast<float>(1 << (kind_.bits - 1));
    const auto row_bytes = static_cast<std::size_t>(in_ * kind_.bits / 8);
    words_.assign(row_bytes * static_cast<std::size_t>(out_), std::byte{0});
    for (int o = 0; o < out_; ++o) {
      float scale = 0.0F;
      float bias = 0.0F;
      for (int i = 0; i < in_; ++i) {
        if (i % kind_.group == 0) {
          scale = put(scales_, positive(random));
          bias =
              put(biases_,
                  kind_.symmetric ? -zero * scale
                                  : -zero * scale + positive(random));
        }
        const auto code = random() % (1U << kind_.bits);
        for (int b = 0; b < kind_.bits; ++b) {
          if (((code >> b) & 1U) != 0) {
            const auto at = static_cast<std::size_t>(i * kind_.bits + b);
            words_[static_cast<std::size_t>(o) * row_bytes + at / 8] |=
                std::byte{1} << (at % 8);
          }
        }
        values_.push_back(
            static_cast<double>(scale) * code + static_cast<double>(bias));
      }
    }
  }

  int out_;
  int in_;
  Kind kind_;
  std::vector<std::byte> words_;
  std::vector<std::byte> scales_;
  std::vector<std::byte> biases_;
  std::vector<double> values_;
};

/// Rows of activations; one in a hundred is far larger, as in real models.
inline std::vector<float> random_rows(int rows, int in, std::mt19937& random) {
  std::normal_distribution<float> normal(0.0F, 1.0F);
  std::vector<float> x(static_cast<std::size_t>(rows * in));
  for (auto& value : x) {
    value = normal(random) * (random() % 100 == 0 ? 300.0F : 1.0F);
  }
  return x;
}

} // namespace lockstep::testing
