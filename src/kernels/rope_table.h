#pragma once

#include <cstddef>
#include <vector>

namespace lockstep::kernels {

/// Cosines and sines of the angles by which rotary embeddings turn a head:
/// place / periods[i]. Grows with the places that are used.
class RopeTable {
 public:
  explicit RopeTable(std::vector<double> periods); // [dims / 2]

  int dims() const { return 2 * static_cast<int>(periods_.size()); }

  /// Makes places 0 … n - 1 available. Not while others read.
  void reserve(int n_places);

  const float* cosines(int place) const { // [dims / 2]
    return cosines_.data() + index(place);
  }
  const float* sines(int place) const { return sines_.data() + index(place); }

 private:
  std::size_t index(int place) const {
    return static_cast<std::size_t>(place) * periods_.size();
  }

  std::vector<double> periods_;
  std::vector<float> cosines_;
  std::vector<float> sines_;
};

} // namespace lockstep::kernels
