#pragma once

namespace lockstep::kernels {

/// Whether this processor has the dot products of ARMv8.2.
bool has_dot_products();

} // namespace lockstep::kernels
