#include "engine/compute.h"

#include <algorithm>
#include <variant>

#include "mlx/device.h"
#include <fmt/format.h>

#include "base/error.h"
#include "kernels/context.h"
#include "kernels/system.h"
#include "kernels/tables.h"
#include "model/kernel_parts.h"
#include "model/mlx_parts.h"

namespace lockstep::engine {

namespace mx = mlx::core;

namespace {

std::string device_name() {
  const auto& info = mx::device_info(mx::default_device());
  const auto found = info.find("device_name");
  if (found != info.end() &&
      std::holds_alternative<std::string>(found->second) &&
      !std::get<std::string>(found->second).empty()) {
    return std::get<std::string>(found->second);
  }
  return mx::default_device() == mx::Device(mx::Device::gpu) ? "GPU" : "CPU";
}

/// Threads of this rank; adds to `warnings` what to say of them.
int choose_threads(int asked, int n_ranks, std::vector<std::string>& warnings) {
  const int cores = kernels::physical_cores();
  if (asked == 0) {
    return std::max(1, cores / n_ranks);
  }
  if (asked * n_ranks > cores) {
    warnings.push_back(fmt::format(
        "--threads {} for {} here is more than the {} cores that may be used; "
        "threads that wait for a core slow all others down",
        asked,
        n_ranks == 1 ? "one rank" : fmt::format("each of {} ranks", n_ranks),
        cores));
  }
  return asked;
}

Compute on_cpu(const ComputeOptions& options, int n_ranks) {
  Compute compute;
  compute.kernels = options.kernels == KernelKind::fast ? KernelKind::fast
                                                        : KernelKind::exact;
  compute.threads = choose_threads(options.threads, n_ranks, compute.warnings);
  const auto& table = kernels::best_table();
  compute.set = table.name;
  if (&table == &kernels::portable_table()) {
    compute.warnings.push_back(
        "this CPU has no instruction set that there are kernels for (AVX2 with "
        "FMA, AVX-512 or NEON with dot products); the portable ones are slow");
  }
  const bool fast = compute.kernels == KernelKind::fast;
  compute.kv_bits = options.kv_bits != 0 ? options.kv_bits : 16;
  compute.parts = model::kernel_parts(
      std::make_shared<kernels::Context>(
          table,
          fast ? kernels::Accuracy::fast : kernels::Accuracy::exact,
          compute.threads),
      compute.kv_bits == 8    ? kernels::KvType::i8
      : compute.kv_bits == 16 ? kernels::KvType::i16
                              : kernels::KvType::f32);
  return compute;
}

Compute on_mlx(
    const ComputeOptions& options, const checkpoint::Checkpoint& checkpoint) {
  const char* flag = options.threads > 0 ? "--threads" : "--kernels";
  if (options.threads > 0 || options.kernels == KernelKind::exact ||
      options.kernels == KernelKind::fast) {
    fail(
        ErrorKind::usage,
        "{} is for ranks that compute with lockstep's own kernels, and this "
        "one uses MLX's on {}; leave it out",
        flag,
        device_name());
  }
  const auto* embedding = checkpoint.find("model.embed_tokens.weight");
  Compute compute;
  compute.parts = model::mlx_parts(
      embedding != nullptr ? embedding->dtype : checkpoint::Dtype::f32,
      options.kv_bits == 8 ? model::KvStored::i8
                           : model::KvStored::as_computed);
  const int computed = 8 * compute.parts->activations().size();
  compute.kv_bits = options.kv_bits != 0 ? options.kv_bits : computed;
  if (compute.kv_bits != 8 && compute.kv_bits != computed) {
    fail(
        ErrorKind::usage,
        "--kv-bits is {}, expected 8 or {}: MLX's operations keep keys and "
        "values as they compute them on {}",
        compute.kv_bits,
        computed,
        device_name());
  }
  return compute;
}

} // namespace

std::string_view name_of(KernelKind kind) {
  switch (kind) {
    case KernelKind::automatic:
      return "auto";
    case KernelKind::exact:
      return "exact";
    case KernelKind::fast:
      return "fast";
    case KernelKind::mlx:
      break;
  }
  return "mlx";
}

Compute choose_compute(
    const ComputeOptions& options,
    int n_ranks,
    const checkpoint::Checkpoint& checkpoint) {
  const bool cpu = mx::default_device() == mx::Device(mx::Device::cpu);
  auto compute = cpu && options.kernels != KernelKind::mlx
                     ? on_cpu(options, n_ranks)
                     : on_mlx(options, checkpoint);
  compute.device = device_name();
  return compute;
}

} // namespace lockstep::engine
