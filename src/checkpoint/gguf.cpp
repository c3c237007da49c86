#include "checkpoint/gguf.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

#include "base/json.h"
#include "checkpoint/gguf_header.h"

namespace lockstep::checkpoint {

namespace {

template <class Element, class Out>
void convert(const std::vector<char>& block, std::vector<Out>& out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    Element value;
    std::memcpy(&value, block.data() + i * sizeof value, sizeof value);
    out[i] = static_cast<Out>(value);
  }
}

std::vector<char> read_block(const File& file, const GgufArray& array) {
  std::vector<char> block(array.bytes);
  file.read_at(array.offset, std::as_writable_bytes(std::span(block)));
  return block;
}

} // namespace

std::uint64_t gguf_type_bytes(GgufType type) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      return 1;
    case GgufType::u16:
    case GgufType::i16:
      return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32:
      return 4;
    case GgufType::u64:
    case GgufType::i64:
    case GgufType::f64:
      return 8;
    case GgufType::string:
    case GgufType::array:
      break;
  }
  return 0;
}

std::string describe(const GgufValue& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, GgufArray>) {
          return fmt::format("an array of {} elements", held.count);
        } else {
          return shown(Json(held));
        }
      },
      value);
}

Gguf::Gguf(std::shared_ptr<const File> file) : file_(std::move(file)) {
  auto header = read_gguf_header(*file_);
  metadata_ = std::move(header.metadata);
  tensors_ = std::move(header.tensors);
}

const GgufTensor* Gguf::find_tensor(std::string_view name) const {
  const auto found = std::find_if(
      tensors_.begin(), tensors_.end(), [&](const GgufTensor& tensor) {
        return tensor.name == name;
      });
  return found == tensors_.end() ? nullptr : &*found;
}

void Gguf::refuse(
    std::string_view key, std::string_view text, ErrorKind kind) const {
  fail(
      kind,
      "{}: metadata key {}: {}",
      file_->path().string(),
      shown(std::string(key)),
      text);
}

bool Gguf::has(std::string_view key) const {
  return metadata_.find(key) != metadata_.end();
}

const GgufValue& Gguf::at(std::string_view key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end()) {
    refuse(key, "is missing");
  }
  return found->second;
}

std::int64_t Gguf::integer(
    std::string_view key, std::int64_t least, std::int64_t most) const {
  const auto& value = at(key);
  if (const auto* i = std::get_if<std::int64_t>(&value);
      i != nullptr && *i >= least && *i <= most) {
    return *i;
  }
  if (const auto* u = std::get_if<std::uint64_t>(&value);
      u != nullptr && *u <= static_cast<std::uint64_t>(most) &&
      static_cast<std::int64_t>(*u) >= least) {
    return static_cast<std::int64_t>(*u);
  }
  if (std::holds_alternative<GgufArray>(value)) {
    refuse(
        key,
        "is an array, one value per layer; such models are not supported",
        ErrorKind::unsupported);
  }
  refuse(
      key,
      fmt::format(
          "is {}, expected an integer from {} to {}",
          describe(value),
          least,
          most));
}

double Gguf::number(std::string_view key, double least, double most) const {
  const auto& value = at(key);
  const auto* held = std::get_if<double>(&value);
  if (held == nullptr || !std::isfinite(*held) || *held < least ||
      *held > most) {
    refuse(
        key,
        fmt::format(
            "is {}, expected a number from {} to {}",
            describe(value),
            least,
            most));
  }
  return *held;
}

bool Gguf::boolean_or(std::string_view key, bool fallback) const {
  if (!has(key)) {
    return fallback;
  }
  const auto* held = std::get_if<bool>(&at(key));
  if (held == nullptr) {
    refuse(key, "is " + describe(at(key)) + ", expected a bool");
  }
  return *held;
}

std::string Gguf::string(std::string_view key) const {
  const auto* held = std::get_if<std::string>(&at(key));
  if (held == nullptr) {
    refuse(key, "is " + describe(at(key)) + ", expected a string");
  }
  return *held;
}

const GgufArray& Gguf::array(std::string_view key, std::uint64_t most) const {
  const auto* held = std::get_if<GgufArray>(&at(key));
  if (held == nullptr) {
    refuse(key, "is " + describe(at(key)) + ", expected an array");
  }
  if (held->count > most) {
    refuse(
        key,
        fmt::format("has {} elements, expected at most {}", held->count, most));
  }
  return *held;
}

std::uint64_t Gguf::array_size(std::string_view key) const {
  return has(key) ? array(key, ~std::uint64_t{0}).count : 0;
}

GgufStrings Gguf::strings(std::string_view key, std::uint64_t most) const {
  const auto& from = array(key, most);
  if (from.element != GgufType::string) {
    refuse(key, "is not an array of strings");
  }
  auto block = read_block(*file_, from);
  std::vector<std::string_view> strings;
  strings.reserve(from.count);
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < from.count; ++i) {
    // The header's check saw these lengths, but the file may have changed.
    std::uint64_t length = 0;
    if (block.size() - at < sizeof length) {
      refuse(key, "has changed while it was read");
    }
    std::memcpy(&length, block.data() + at, sizeof length);
    at += sizeof length;
    if (block.size() - at < length) {
      refuse(key, "has changed while it was read");
    }
    strings.emplace_back(block.data() + at, length);
    at += length;
  }
  return {std::move(block), std::move(strings)};
}

std::vector<std::int64_t> Gguf::integers(
    std::string_view key, std::uint64_t most) const {
  const auto& from = array(key, most);
  std::vector<std::int64_t> out(from.count);
  const auto block = read_block(*file_, from);
  if (from.element == GgufType::i32) {
    convert<std::int32_t>(block, out);
  } else if (from.element == GgufType::u32) {
    convert<std::uint32_t>(block, out);
  } else {
    refuse(key, "is not an array of 32-bit integers");
  }
  return out;
}

std::vector<float> Gguf::floats(
    std::string_view key, std::uint64_t most) const {
  const auto& from = array(key, most);
  if (from.element != GgufType::f32) {
    refuse(key, "is not an array of 32-bit floats");
  }
  std::vector<float> out(from.count);
  convert<float>(read_block(*file_, from), out);
  return out;
}

} // namespace lockstep::checkpoint
