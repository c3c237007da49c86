#include "world/devices.h"

#include <cstdlib>

#include "mlx/device.h"
#include <fmt/format.h>

#include "base/error.h"
#include "world/group.h"

namespace lockstep::world {

namespace mx = mlx::core;

int n_nccl_gpus() {
  return is_available(Backend::nccl) ? mx::device_count(mx::Device::gpu) : 0;
}

void require_device() {
  if (mx::default_device() != mx::Device(mx::Device::gpu) ||
      mx::device_count(mx::Device::gpu) > 0) {
    return;
  }
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  fail(
      ErrorKind::network,
      "this lockstep computes on NVIDIA GPUs and sees none{}; expected one for "
      "each rank (nvidia-smi -L lists them)",
      visible == nullptr ? std::string()
                         : fmt::format(" (CUDA_VISIBLE_DEVICES={})", visible));
}

} // namespace lockstep::world
