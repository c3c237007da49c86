#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "checkpoint/checkpoint.h"

namespace lockstep::checkpoint {

/// Checks what every config.json must keep to, whatever the family: a
/// model_type, and sizes, counts and heads within bounds that fit one another.
/// A key that is absent is left to the family. Throws Error{config} naming
/// `origin` and the key.
void check_config(const Json& config, const std::string& origin);

/// Checks that tensors named model.layers.N.… have N below num_hidden_layers.
/// Throws Error{config} naming `where` and the tensor.
void check_layer_numbers(
    const Json& config,
    const std::vector<TensorInfo>& tensors,
    const std::string& where);

} // namespace lockstep::checkpoint
