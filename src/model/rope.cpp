#include "model/rope.h"

#include <cmath>
#include <numbers>

namespace lockstep::model {

namespace {

using checkpoint::RopeConfig;
using checkpoint::RopeScaling;

/// Long wavelengths are stretched by `factor`, short ones stay, those between
/// are blended.
double llama3_period(double period, const RopeConfig& config) {
  const double wavelength = 2.0 * std::numbers::pi * period;
  const double turns = config.original_positions / wavelength;
  if (turns < config.low_freq_factor) {
    return period * config.factor;
  }
  if (turns > config.high_freq_factor) {
    return period;
  }
  const double smooth = (turns - config.low_freq_factor) /
                        (config.high_freq_factor - config.low_freq_factor);
  return period / ((1.0 - smooth) / config.factor + smooth);
}

} // namespace

std::vector<double> rope_periods(const RopeConfig& config, Weights& weights) {
  std::vector<double> periods;
  for (int i = 0; i < config.dims; i += 2) {
    periods.push_back(std::pow(
        static_cast<double>(config.base),
        static_cast<double>(i) / static_cast<double>(config.dims)));
  }
  if (config.scaling == RopeScaling::linear) {
    for (auto& period : periods) {
      period *= config.factor;
    }
  } else if (config.scaling == RopeScaling::llama3) {
    for (auto& period : periods) {
      period = llama3_period(period, config);
    }
  } else if (config.scaling == RopeScaling::factors) {
    const auto& factors =
        weights.shared_vector("rope_freqs.weight", config.dims / 2);
    for (std::size_t i = 0; i < periods.size(); ++i) {
      periods[i] *= factors[i];
    }
  }
  return periods;
}

} // namespace lockstep::model
