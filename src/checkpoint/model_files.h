#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/spans.h"

namespace lockstep::checkpoint {

/// A file of a model, and what somebody needs of it.
struct ModelFile {
  std::string name;           // in the model's folder
  std::filesystem::path path; // here
  std::uint64_t size = 0;
  std::vector<Span> needed; // merged
};

/// The files of a model that lies on disk: all that its readers may read beside
/// weights, whole, and files of weights without the bytes of tensors for which
/// `is_needed` says no. Headers, whatever belongs to no tensor, and what the
/// fingerprint is made of are needed.
/// A single file gets the name `single_name`. Throws Error{config} when one
/// cannot be read.
std::vector<ModelFile> model_files(
    const Checkpoint& checkpoint,
    const std::string& single_name,
    const std::function<bool(const TensorInfo&)>& is_needed);

} // namespace lockstep::checkpoint
