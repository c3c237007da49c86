#pragma once

#include <filesystem>

#include "checkpoint/checkpoint.h"

namespace lockstep::model {

/// A model of random weights in the shape that a file in the form of
/// config.json describes, of any family: the weights are those that the
/// family's layers take. They are made when they are loaded and are the same
/// wherever that is. Throws as Checkpoint::open and Family::parse do.
checkpoint::Checkpoint open_model_shape(const std::filesystem::path& path);

} // namespace lockstep::model
