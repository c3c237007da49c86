#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "mlx/array.h"

namespace lockstep::world {

namespace mx = mlx::core;

/// Room for an array in host memory; what is in it is not defined.
mx::array host_room(mx::Shape shape, mx::Dtype dtype);

/// `x` evaluated and contiguous by rows.
mx::array host_rows(const mx::array& x);

/// The bits of an array of host_rows() or host_room(), in host memory. Its
/// bytes must fill whole words.
std::span<const std::int32_t> bits_of(const mx::array& x);
std::span<std::int32_t> bits_of(mx::array& x);

/// Copies `x`'s bits, or nothing, to the front of `out` and zeros to the rest.
void copy_bits(const std::optional<mx::array>& x, std::span<std::int32_t> out);

} // namespace lockstep::world
