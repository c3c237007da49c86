#include "world/devices.h"

#include <cstdlib>
#include <variant>

#include "mlx/device.h"
#include "mlx/version.h"
#include <fmt/format.h>

#include "base/error.h"
#include "world/group.h"

namespace lockstep::world {

namespace mx = mlx::core;

int n_nccl_gpus() {
  return is_available(Backend::nccl) ? mx::device_count(mx::Device::gpu) : 0;
}

std::string mlx_version() {
  return mx::version();
}

ComputeDevice compute_device() {
  ComputeDevice device;
  device.is_gpu = mx::default_device() == mx::Device(mx::Device::gpu);
  device.n_gpus = mx::device_count(mx::Device::gpu);
  if (device.is_gpu && device.n_gpus == 0) {
    return device; // there is nothing to ask
  }
  const auto& info = mx::device_info(mx::default_device());
  const auto found = info.find("device_name");
  if (found != info.end() &&
      std::holds_alternative<std::string>(found->second)) {
    device.name = std::get<std::string>(found->second);
  }
  return device;
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
