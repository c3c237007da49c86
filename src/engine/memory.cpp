#include "engine/memory.h"

#include <charconv>
#include <string>
#include <variant>

#include "mlx/device.h"
#include <fmt/format.h>

#include "base/error.h"
#include "base/host.h"
#include "base/units.h"

namespace lockstep::engine {

namespace mx = mlx::core;

namespace {

constexpr std::size_t kTextBytes = 288; // a host's name and a number

/// Memory of this rank's own GPU; 0 when it has none.
std::uint64_t gpu_memory_bytes() {
  const auto& info = mx::device_info(mx::default_device());
  const auto found = info.find("total_memory"); // CUDA's
  return found != info.end() &&
                 std::holds_alternative<std::size_t>(found->second)
             ? std::get<std::size_t>(found->second)
             : 0;
}

/// Bytes of all ranks on this rank's host.
std::uint64_t bytes_on_host(const world::Group& group, std::uint64_t bytes) {
  const auto own = host_name() + " ";
  std::uint64_t sum = 0;
  for (const auto& text :
       group.gather_texts(fmt::format("{}{}", own, bytes), kTextBytes)) {
    std::uint64_t theirs = 0;
    if (text.starts_with(own)) {
      std::from_chars(
          text.data() + own.size(), text.data() + text.size(), theirs);
    }
    sum += theirs;
  }
  return sum;
}

} // namespace

void check_weights_fit(const world::Group& group, std::uint64_t bytes) {
  const auto on_host = bytes_on_host(group, bytes);
  const auto gpu = gpu_memory_bytes();
  const auto room = gpu > 0 ? gpu : host_memory_bytes();
  const auto needed = gpu > 0 ? bytes : on_host;
  if (room > 0 && needed > room) {
    fail(
        ErrorKind::memory,
        "the weights of {} take {}, and {} has {}; expected a smaller model, "
        "or more ranks on more {}",
        gpu > 0 ? fmt::format("rank {}", group.rank()) : "the ranks here",
        format_bytes(needed),
        gpu > 0 ? "its GPU" : "this machine",
        format_bytes(room),
        gpu > 0 ? "GPUs" : "machines");
  }
}

} // namespace lockstep::engine
