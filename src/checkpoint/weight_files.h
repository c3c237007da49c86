#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "checkpoint/model_folder.h"
#include "checkpoint/safetensors.h"

namespace lockstep::checkpoint {

struct PlacedTensor {
  int file = 0; // index into WeightFiles::files
  StoredTensor stored;
};

/// All tensors of a directory's safetensors files, sorted by name, each once.
struct WeightFiles {
  std::vector<std::shared_ptr<const File>> files;
  std::vector<PlacedTensor> tensors;

  const PlacedTensor* find(const std::string& name) const;
  /// "FILE: tensor "NAME"", for error messages.
  std::string where(const PlacedTensor& tensor) const;
};

/// Reads the files that model.safetensors.index.json names, or else
/// model.safetensors, or else all *.safetensors. Throws Error{config} when
/// there is none or when index and files do not agree.
WeightFiles read_weight_files(const ModelFolder& folder);

} // namespace lockstep::checkpoint
