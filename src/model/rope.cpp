#include "model/rope.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "mlx/fast.h"
#include "mlx/ops.h"

namespace lockstep::model {

namespace {

using checkpoint::RopeConfig;
using checkpoint::RopeScaling;

std::vector<float> plain_periods(const RopeConfig& config) {
  std::vector<float> periods;
  for (int i = 0; i < config.dims; i += 2) {
    periods.push_back(std::pow(
        config.base, static_cast<float>(i) / static_cast<float>(config.dims)));
  }
  return periods;
}

/// Long wavelengths are stretched by `factor`, short ones stay, those between
/// are blended.
float llama3_period(float period, const RopeConfig& config) {
  const float wavelength = 2.0F * std::numbers::pi_v<float> * period;
  const float turns = config.original_positions / wavelength;
  if (turns < config.low_freq_factor) {
    return period * config.factor;
  }
  if (turns > config.high_freq_factor) {
    return period;
  }
  const float smooth = (turns - config.low_freq_factor) /
                       (config.high_freq_factor - config.low_freq_factor);
  return period / ((1.0F - smooth) / config.factor + smooth);
}

mx::array to_array(const std::vector<float>& values) {
  return mx::array(
      values.data(), {static_cast<int>(values.size())}, mx::float32);
}

} // namespace

Rope::Rope(const RopeConfig& config, Weights& weights) : config_(config) {
  if (config.scaling == RopeScaling::llama3) {
    auto periods = plain_periods(config);
    for (auto& period : periods) {
      period = llama3_period(period, config);
    }
    periods_ = to_array(periods);
  } else if (config.scaling == RopeScaling::factors) {
    const auto factors = weights.shared("rope_freqs.weight", {config.dims / 2});
    periods_ = mx::multiply(to_array(plain_periods(config)), factors);
  }
}

mx::array Rope::operator()(const mx::array& x, int offset) const {
  const float scale =
      config_.scaling == RopeScaling::linear ? 1.0F / config_.factor : 1.0F;
  return mx::fast::rope(
      x,
      config_.dims,
      false,
      periods_ ? std::nullopt : std::optional(config_.base),
      scale,
      offset,
      periods_);
}

} // namespace lockstep::model
