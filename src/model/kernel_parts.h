#pragma once

#include <memory>

#include "kernels/context.h"
#include "model/parts.h"

namespace lockstep::model {

/// The kernels of this project, for CPUs. Hidden states are float32; keys and
/// values are kept as `kv` says. `context` is shared with nobody else.
std::unique_ptr<Parts> kernel_parts(
    std::shared_ptr<kernels::Context> context, kernels::KvType kv);

} // namespace lockstep::model
