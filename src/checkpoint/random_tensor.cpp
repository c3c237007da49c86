#include "checkpoint/random_tensor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/half.h"
#include "base/hash.h"

namespace lockstep::checkpoint {

namespace {

constexpr double kBiasInputs = 1024.0;
constexpr double kNormDeviation = 0.1;

/// Random words by their number. Steele, Lea and Flood, "Fast Splittable
/// Pseudorandom Number Generators" (2014), figure 16 (mix64).
class Words {
 public:
  Words(std::string_view name, std::string_view part)
      : seed_(fnv1a(part, fnv1a(name))) {}

  std::uint64_t operator()(std::uint64_t i) const {
    std::uint64_t z = seed_ + (i + 1) * 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t seed_;
};

/// `x` as a T, which is how a tensor's type is stored.
template <class T>
T stored_as(float x, Dtype dtype) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return x;
  } else {
    return dtype == Dtype::f16 ? f16_from_float(x) : bf16_from_float(x);
  }
}

/// Numbers of this mean and standard deviation.
template <class T>
std::vector<std::byte> numbers(
    std::size_t count,
    double mean,
    double deviation,
    const Words& words,
    Dtype dtype) {
  constexpr int kByte = 255;
  // The variance of a sum of two bytes is (256^2 - 1) / 6.
  const double step = deviation / std::sqrt(65535.0 / 6.0);
  std::array<T, 2 * kByte + 1> values;
  for (int sum = 0; sum <= 2 * kByte; ++sum) {
    values[static_cast<std::size_t>(sum)] =
        stored_as<T>(static_cast<float>(mean + step * (sum - kByte)), dtype);
  }
  constexpr std::size_t kOfWord = 4; // two bytes of eight each
  std::vector<std::byte> bytes(count * sizeof(T));
  for (std::size_t i = 0; i < count; i += kOfWord) {
    auto word = words(i / kOfWord);
    std::array<T, kOfWord> four;
    for (auto& value : four) {
      value = values[(word & 0xffU) + ((word >> 8) & 0xffU)];
      word >>= 16;
    }
    const auto n = std::min(kOfWord, count - i);
    std::memcpy(bytes.data() + i * sizeof(T), four.data(), n * sizeof(T));
  }
  return bytes;
}

std::vector<std::byte> numbers_as(
    Dtype dtype,
    std::size_t count,
    double mean,
    double deviation,
    const Words& words) {
  return dtype == Dtype::f32
             ? numbers<float>(count, mean, deviation, words, dtype)
             : numbers<std::uint16_t>(count, mean, deviation, words, dtype);
}

std::vector<std::byte> codes(std::size_t n_bytes, const Words& words) {
  std::vector<std::byte> bytes(n_bytes);
  for (std::size_t i = 0; i < n_bytes; i += sizeof(std::uint64_t)) {
    const std::uint64_t word = words(i / sizeof(std::uint64_t));
    std::memcpy(bytes.data() + i, &word, std::min(sizeof word, n_bytes - i));
  }
  return bytes;
}

/// Scales that differ by up to a quarter, and biases that bring the mean of a
/// group's codes to 0.
template <class T>
void make_scales(
    std::size_t n_groups, double scale, const Words& words, Tensor& tensor) {
  const double middle = ((1 << tensor.affine->bits) - 1) / 2.0;
  tensor.scales.resize(n_groups * sizeof(T));
  tensor.biases.resize(n_groups * sizeof(T));
  for (std::size_t i = 0; i < n_groups; ++i) {
    const auto byte = static_cast<double>(words(i) >> 56);
    const double own = scale * (1.0 + (byte - 127.5) / 510.0);
    const auto one = stored_as<T>(static_cast<float>(own), tensor.dtype);
    const auto other =
        stored_as<T>(static_cast<float>(-middle * own), tensor.dtype);
    std::memcpy(tensor.scales.data() + i * sizeof(T), &one, sizeof(T));
    std::memcpy(tensor.biases.data() + i * sizeof(T), &other, sizeof(T));
  }
}

void make_quantized(const TensorInfo& info, double deviation, Tensor& tensor) {
  tensor.values = codes(info.ranges[0].bytes, Words(info.name, ":codes"));
  // The variance of codes of so many bits is (4^bits - 1) / 12.
  const double scale =
      deviation / std::sqrt(((1 << 2 * info.affine->bits) - 1) / 12.0);
  const Words words(info.name, ":scales");
  const auto n_groups = info.ranges[1].bytes / dtype_bytes(info.dtype);
  if (info.dtype == Dtype::f32) {
    make_scales<float>(n_groups, scale, words, tensor);
  } else {
    make_scales<std::uint16_t>(n_groups, scale, words, tensor);
  }
}

} // namespace

Tensor random_tensor(const TensorInfo& info) {
  Tensor tensor;
  tensor.shape = info.shape;
  tensor.dtype = info.dtype;
  tensor.affine = info.affine;
  const bool is_matrix = info.shape.size() > 1;
  const bool is_bias = std::string_view(info.name).ends_with(".bias");
  const double deviation =
      is_matrix || is_bias
          ? 1.0 / std::sqrt(is_matrix ? info.shape.back() : kBiasInputs)
          : kNormDeviation;
  if (info.affine) {
    make_quantized(info, deviation, tensor);
  } else {
    tensor.values = numbers_as(
        info.dtype,
        info.stored_bytes() / dtype_bytes(info.dtype),
        is_matrix || is_bias ? 0.0 : 1.0,
        deviation,
        Words(info.name, ":values"));
  }
  return tensor;
}

} // namespace lockstep::checkpoint
