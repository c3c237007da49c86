#pragma once

#include <cstddef>

namespace lockstep::kernels {

/// Zeroed memory from the system, in large pages where it has them; null when
/// there is none.
std::byte* map_pages(std::size_t bytes);
void unmap_pages(std::byte* pages, std::size_t bytes);

/// Cores of this machine that this process may use; hardware threads of one
/// core count once. At least 1.
int physical_cores();

} // namespace lockstep::kernels
