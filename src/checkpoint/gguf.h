#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "checkpoint/ggml_types.h"

namespace lockstep::checkpoint {

/// The types of metadata values, numbered as in the file.
enum class GgufType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64,
};

/// An array that stays in the file until it is asked for; its bounds, and the
/// bounds of each string in it, have been checked.
struct GgufArray {
  GgufType element{};
  std::uint64_t count = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// Integers of all widths are one of the two 64-bit ones.
using GgufValue = std::
    variant<bool, std::uint64_t, std::int64_t, double, std::string, GgufArray>;

struct GgufTensor {
  std::string name;
  std::vector<int> shape; // outermost first
  GgmlType type{};
  std::uint64_t offset = 0; // in the file
  std::uint64_t bytes = 0;
};

/// Strings of an array, in one block of memory.
class GgufStrings {
 public:
  GgufStrings(std::vector<char> block, std::vector<std::string_view> strings)
      : block_(std::move(block)), strings_(std::move(strings)) {}
  GgufStrings(GgufStrings&&) = default;
  GgufStrings& operator=(GgufStrings&&) = default;

  std::size_t size() const { return strings_.size(); }
  std::string_view operator[](std::size_t i) const { return strings_[i]; }

 private:
  std::vector<char> block_; // what strings_ points into
  std::vector<std::string_view> strings_;
};

/// The header of a GGUF file of version 2 or 3, little-endian: metadata and
/// the places of the tensors, all checked. Immutable; any thread.
class Gguf {
 public:
  /// Throws Error{config} for a damaged file and Error{unsupported} for a
  /// version, byte order or tensor type that is not read here.
  explicit Gguf(std::shared_ptr<const File> file);

  const File& file() const { return *file_; }
  const std::shared_ptr<const File>& shared_file() const { return file_; }
  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  const GgufTensor* find_tensor(std::string_view name) const;
  const std::map<std::string, GgufValue, std::less<>>& metadata() const {
    return metadata_;
  }

  bool has(std::string_view key) const;
  /// Typed reads; throw Error{config} naming file, key, value and what was
  /// expected. Integers may have any width in the file.
  std::int64_t integer(
      std::string_view key, std::int64_t least, std::int64_t most) const;
  double number(std::string_view key, double least, double most) const;
  bool boolean_or(std::string_view key, bool fallback) const;
  std::string string(std::string_view key) const;
  /// The number of elements; 0 when there is no such key.
  std::uint64_t array_size(std::string_view key) const;
  GgufStrings strings(std::string_view key, std::uint64_t most) const;
  std::vector<std::int64_t> integers(
      std::string_view key, std::uint64_t most) const;
  std::vector<float> floats(std::string_view key, std::uint64_t most) const;

  /// Throws "FILE: metadata key "KEY": TEXT".
  [[noreturn]] void refuse(
      std::string_view key,
      std::string_view text,
      ErrorKind kind = ErrorKind::config) const;

 private:
  const GgufValue& at(std::string_view key) const;
  const GgufArray& array(std::string_view key, std::uint64_t most) const;

  std::shared_ptr<const File> file_;
  std::map<std::string, GgufValue, std::less<>> metadata_;
  std::vector<GgufTensor> tensors_;
};

/// Bytes of one element; 0 for strings and arrays.
std::uint64_t gguf_type_bytes(GgufType type);
/// A value as an error message shows it.
std::string describe(const GgufValue& value);

} // namespace lockstep::checkpoint
