#pragma once

#include <cstdint>
#include <string>

namespace lockstep {

/// The name of this machine; "?" when it has none.
std::string host_name();

/// The most memory that this process has had at a time; 0 when the system does
/// not say.
std::uint64_t peak_memory_bytes();

/// Memory of this machine; 0 when the system does not say.
std::uint64_t host_memory_bytes();

/// The part of it that programs could have now, without swapping; 0 when the
/// system does not say.
std::uint64_t free_memory_bytes();

} // namespace lockstep
