#include "checkpoint/random_tensor.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "checkpoint/floats.h"
#include "checkpoint/random_weights.h"
#include "support/affine_values.h"

namespace lockstep::checkpoint {

namespace {

struct Moments {
  double mean = 0.0;
  double deviation = 0.0;
};

Moments moments_of(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  Moments moments;
  for (const double x : values) {
    moments.mean += x / n;
  }
  for (const double x : values) {
    moments.deviation += (x - moments.mean) * (x - moments.mean) / n;
  }
  moments.deviation = std::sqrt(moments.deviation);
  return moments;
}

bool near(double x, double wanted, double share) {
  return std::abs(x - wanted) < share * wanted;
}

Tensor made(
    const std::string& name,
    const std::vector<int>& shape,
    const Json& config) {
  return random_tensor(
      random_weights(config, "config", {{name, shape}}).front());
}

std::vector<double> values_of(const Tensor& tensor) {
  if (tensor.affine) {
    return testing::affine_values(
        tensor.values,
        tensor.scales,
        tensor.biases,
        *tensor.affine,
        tensor.dtype);
  }
  const auto floats = to_floats(tensor);
  return {floats.begin(), floats.end()};
}

bool same(const Tensor& a, const Tensor& b) {
  return a.values == b.values && a.scales == b.scales && a.biases == b.biases;
}

Json quantized(const char* dtype, int bits) {
  return {
      {"torch_dtype", dtype},
      {"quantization", {{"bits", bits}, {"group_size", 64}}}};
}

} // namespace

// Seen to fail with: a sum of two bytes taken for one byte; codes taken for
// twice as wide; biases left out; norms around 0; vectors quantized.
TEST_CASE("random matrices keep the size of what goes through them") {
  for (const auto* dtype : {"float32", "float16", "bfloat16"}) {
    std::vector<Json> configs{{{"torch_dtype", dtype}}};
    for (const int bits : {2, 3, 4, 5, 6, 8}) {
      configs.push_back(quantized(dtype, bits));
    }
    for (const auto& config : configs) {
      CAPTURE(config.dump());
      const auto matrix =
          moments_of(values_of(made("a.weight", {96, 512}, config)));
      CHECK(std::abs(matrix.mean) < 0.02 / std::sqrt(512.0));
      CHECK(near(matrix.deviation, 1.0 / std::sqrt(512.0), 0.02));
      const auto norm = moments_of(values_of(made("n.weight", {4096}, config)));
      CHECK(near(norm.mean, 1.0, 0.01));
      CHECK(near(norm.deviation, 0.1, 0.05));
      const auto bias = moments_of(values_of(made("a.bias", {4096}, config)));
      CHECK(std::abs(bias.mean) < 0.002);
      CHECK(near(bias.deviation, 1.0 / 32.0, 0.05));
    }
  }
}

// Seen to fail with: a seed that does not know the name; one that knows how
// many tensors were made before.
TEST_CASE("a random tensor is a function of its name and shape") {
  for (const auto& config :
       {Json{{"torch_dtype", "bfloat16"}}, quantized("bfloat16", 4)}) {
    const auto first = made("model.layers.0.a.weight", {8, 64}, config);
    CHECK(same(first, made("model.layers.0.a.weight", {8, 64}, config)));
    CHECK(!same(first, made("model.layers.1.a.weight", {8, 64}, config)));
    CHECK(!same(first, made("model.layers.0.b.weight", {8, 64}, config)));
  }
}

TEST_CASE("values whose number no word's share divides are all made") {
  // Seen to fail with: whole words only.
  const auto odd = made("n.weight", {7}, {{"torch_dtype", "float32"}});
  const auto values = values_of(odd);
  REQUIRE(values.size() == 7);
  CHECK(std::all_of(values.begin(), values.end(), [](double x) {
    return x > 0.5 && x < 1.5;
  }));
  const auto codes = made("a.weight", {1, 64}, quantized("float16", 3));
  CHECK(codes.values.size() == 24);
  CHECK(codes.values.back() != std::byte{0});
}

} // namespace lockstep::checkpoint
