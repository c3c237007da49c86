#pragma once

#include <string_view>

namespace lockstep {

/// What carries the collectives. `automatic` is a wish, never a fact: whoever
/// starts ranks replaces it by one of the others.
enum class Backend { automatic, mpi, ring, nccl, jaccl };

/// "auto", "mpi", "ring", "nccl", "jaccl": what --backend takes, and but for
/// "auto" MLX's own names.
std::string_view name_of(Backend backend);

/// The inverse; throws Error{usage} naming the text and what is known.
Backend parse_backend(std::string_view text);

} // namespace lockstep
