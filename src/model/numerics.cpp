#include "model/numerics.h"

namespace lockstep::model {

mx::Dtype to_mlx(checkpoint::Dtype dtype) {
  switch (dtype) {
    case checkpoint::Dtype::f32:
      return mx::float32;
    case checkpoint::Dtype::f16:
      return mx::float16;
    case checkpoint::Dtype::bf16:
      return mx::bfloat16;
  }
  return mx::float32;
}

Numerics numerics_for(mx::Device device, checkpoint::Dtype stored) {
  if (device == mx::Device(mx::Device::cpu)) {
    return {};
  }
  const auto type =
      stored == checkpoint::Dtype::bf16 ? mx::bfloat16 : mx::float16;
  return {type, type};
}

} // namespace lockstep::model
