#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "checkpoint/checkpoint.h"

namespace lockstep::checkpoint {

/// What the reader of one layout has found; Checkpoint::open checks what all
/// layouts have in common. The functions read more only when they are called.
struct Contents {
  Json config;
  std::string config_origin;
  std::vector<std::shared_ptr<const File>> files;
  std::vector<TensorInfo> tensors; // in any order
  /// How a tensor comes into memory when it does not lie in `files`.
  std::function<Tensor(const TensorInfo&)> make;
  std::function<std::string()> tokenizer_json;
  std::optional<std::string> chat_template;
  std::function<std::string()> bos_token;
  std::function<std::string()> eos_token;
};

/// Throw as Checkpoint::open does.
Contents open_gguf(const std::filesystem::path& path);
Contents open_directory(const std::filesystem::path& path);
Contents open_shape(const std::filesystem::path& path);

} // namespace lockstep::checkpoint
