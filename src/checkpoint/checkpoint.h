#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/json.h"

namespace lockstep::checkpoint {

/// Element types of dense tensors, and of scales and biases.
enum class Dtype { f32, f16, bf16 };

std::size_t dtype_bytes(Dtype dtype);
const char* dtype_name(Dtype dtype); // "F32", "F16", "BF16"

/// MLX's affine quantization: groups of `group` consecutive inputs share a
/// scale and a bias, value = scale * q + bias, q unsigned of `bits` bits,
/// packed from the lowest bit of little-endian 32-bit words.
struct Affine {
  int bits = 0;
  int group = 0;
  bool operator==(const Affine&) const = default;
};

/// How a tensor's bytes lie in its file.
enum class Encoding { dense, affine, q4_0, q4_1, q8_0 };

struct ByteRange {
  int file = 0; // index into the checkpoint's files
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// One weight of the checkpoint. A quantized matrix is one entry, whatever the
/// number of tensors it is stored as.
struct TensorInfo {
  std::string name;             // as Hugging Face names it
  std::vector<int> shape;       // outermost first; [out, in] of a linear layer
  Dtype dtype = Dtype::f32;     // of the values, or of scales and biases
  std::optional<Affine> affine; // set for every quantized encoding
  Encoding encoding = Encoding::dense;
  /// One range; three for Encoding::affine: packed words, scales, biases. Of
  /// random weights the sizes alone mean something.
  std::vector<ByteRange> ranges;
  /// Rows of each of so many heads are stored as llama's GGUF converter leaves
  /// them, rotary pairs side by side; 0 = in the order of the HF checkpoint.
  int interleaved_heads = 0;

  std::uint64_t stored_bytes() const;
};

/// A tensor in memory, rows in the order of the HF checkpoint.
struct Tensor {
  std::vector<int> shape;
  Dtype dtype = Dtype::f32;
  std::optional<Affine> affine;
  /// Dense: values of `dtype`. Quantized: words [out, in * bits / 32] of u32.
  std::vector<std::byte> values;
  /// [out, in / group] of `dtype`; empty when dense.
  std::vector<std::byte> scales;
  std::vector<std::byte> biases;
};

/// A weight that a model has, whatever its encoding: name as in TensorInfo,
/// logical shape.
struct TensorNeed {
  std::string name;
  std::vector<int> shape;
};

/// What a model is on disk: a directory in the Hugging Face or MLX layout, or
/// a GGUF file. Opening reads and checks headers only; weights are read tensor
/// by tensor. Every number that comes from a file is checked before it is used.
/// Copies share one state; all const members may be called from any thread.
class Checkpoint {
 public:
  /// Throws Error{config} (missing, damaged, inconsistent) or
  /// Error{unsupported} (a type or version not known here, by its name).
  static Checkpoint open(const std::filesystem::path& path);

  /// A model of which only a file in the form of config.json exists: no tensor,
  /// no tokenizer, no token that ends an answer. Throws as open().
  static Checkpoint open_shape(const std::filesystem::path& path);
  /// What open_shape() opened, with these weights: random ones, made when they
  /// are loaded, functions of their names alone. Their type is the config's
  /// "torch_dtype" or "dtype", quantized as its "quantization" says. Throws
  /// Error{config} or Error{unsupported} naming the key.
  Checkpoint with_random_weights(const std::vector<TensorNeed>& needs) const;

  const std::filesystem::path& path() const;
  /// config.json as Hugging Face writes it; for GGUF made from its metadata.
  /// "eos_token_id" is always a list: every token that ends an answer.
  const Json& config() const;
  /// Where the config comes from, for error messages.
  const std::string& config_origin() const;
  const std::vector<TensorInfo>& tensors() const;      // sorted by name
  const TensorInfo* find(std::string_view name) const; // null when absent

  /// The files that TensorInfo::ranges mean; none of random weights.
  const std::vector<std::shared_ptr<const File>>& weight_files() const;

  /// Reads and decodes one tensor of this checkpoint. Throws Error{config}
  /// when the file has changed, a scale cannot be represented, or the tensor is
  /// none of those that came to this machine (checkpoint/brought).
  Tensor load(const TensorInfo& info) const;

  /// Text of a tokenizer.json that gives this model's ids; for GGUF made from
  /// its vocabulary, which is read only now. Throws Error when there is none
  /// or its kind is unknown.
  std::string tokenizer_json() const;
  /// The Jinja source, or nothing when the model has none.
  std::optional<std::string> chat_template() const;
  /// Text of the begin- and end-of-text tokens for templates; may be empty.
  std::string bos_token() const;
  std::string eos_token() const;

  /// Bytes of weights read or made by load() so far, headers not counted.
  std::uint64_t bytes_read() const;

  /// A hash of config and tensor index (names, shapes, types, places, sizes):
  /// equal on all ranks that hold the same files, wherever they hold them.
  std::uint64_t fingerprint() const;

 private:
  struct State;
  explicit Checkpoint(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

} // namespace lockstep::checkpoint
