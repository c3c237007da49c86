#include "checkpoint/floats.h"

#include <cstdint>
#include <cstring>

#include "base/half.h"

namespace lockstep::checkpoint {

std::vector<float> to_floats(const Tensor& tensor) {
  const auto size = dtype_bytes(tensor.dtype);
  std::vector<float> floats(tensor.values.size() / size);
  const auto* from = tensor.values.data();
  for (auto& x : floats) {
    std::uint16_t half = 0;
    if (tensor.dtype == Dtype::f32) {
      std::memcpy(&x, from, sizeof x);
    } else {
      std::memcpy(&half, from, sizeof half);
      x = tensor.dtype == Dtype::f16 ? float_from_f16(half)
                                     : float_from_bf16(half);
    }
    from += size;
  }
  return floats;
}

} // namespace lockstep::checkpoint
