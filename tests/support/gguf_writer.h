#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lockstep::testing {

/// The little-endian bytes of a number.
template <class T>
std::string bytes_of(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

template <class T>
std::string bytes_of_all(const std::vector<T>& values) {
  std::string bytes;
  for (const auto& value : values) {
    bytes += bytes_of(value);
  }
  return bytes;
}

/// Makes GGUF files, sound ones and, by changing what is public, damaged ones.
class GgufWriter {
 public:
  struct Key {
    std::string name;
    std::uint32_t type;
    std::string payload;
  };
  struct Tensor {
    std::string name;
    std::vector<std::uint64_t> dims; // innermost first, as in the file
    std::uint32_t type;
    std::string data;
    std::optional<std::uint64_t> offset; // else one after another
  };

  static std::string string_bytes(const std::string& text) {
    return bytes_of<std::uint64_t>(text.size()) + text;
  }
  static std::string array_bytes(
      std::uint32_t element, std::uint64_t count, const std::string& elements) {
    return bytes_of(element) + bytes_of(count) + elements;
  }

  void set(const std::string& name, std::uint32_t type, std::string payload) {
    for (auto& key : keys) {
      if (key.name == name) {
        key = {name, type, std::move(payload)};
        return;
      }
    }
    keys.push_back({name, type, std::move(payload)});
  }
  void set_u32(const std::string& name, std::uint32_t value) {
    set(name, 4, bytes_of(value));
  }
  void set_f32(const std::string& name, float value) {
    set(name, 6, bytes_of(value));
  }
  void set_bool(const std::string& name, bool value) {
    set(name, 7, bytes_of<std::uint8_t>(value ? 1 : 0));
  }
  void set_string(const std::string& name, const std::string& value) {
    set(name, 8, string_bytes(value));
  }
  void set_strings(
      const std::string& name, const std::vector<std::string>& values) {
    std::string elements;
    for (const auto& value : values) {
      elements += string_bytes(value);
    }
    set(name, 9, array_bytes(8, values.size(), elements));
  }
  void set_i32s(
      const std::string& name, const std::vector<std::int32_t>& values) {
    set(name, 9, array_bytes(5, values.size(), bytes_of_all(values)));
  }
  void set_f32s(const std::string& name, const std::vector<float>& values) {
    set(name, 9, array_bytes(6, values.size(), bytes_of_all(values)));
  }
  void remove(const std::string& name) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i].name == name) {
        keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(i));
        return;
      }
    }
  }
  void add_tensor(
      const std::string& name,
      std::vector<std::uint64_t> dims,
      std::uint32_t type,
      std::string data) {
    tensors.push_back(
        {name, std::move(dims), type, std::move(data), std::nullopt});
  }
  Tensor& tensor(const std::string& name) {
    for (auto& tensor : tensors) {
      if (tensor.name == name) {
        return tensor;
      }
    }
    throw std::runtime_error("no tensor " + name);
  }

  /// Header without padding, and the whole file.
  std::string header() const {
    std::string out = magic + bytes_of(version) +
                      bytes_of(n_tensors.value_or(tensors.size())) +
                      bytes_of(n_keys.value_or(keys.size()));
    for (const auto& key : keys) {
      out += string_bytes(key.name) + bytes_of(key.type) + key.payload;
    }
    std::uint64_t end = 0;
    for (const auto& tensor : tensors) {
      out += string_bytes(tensor.name) +
             bytes_of(static_cast<std::uint32_t>(tensor.dims.size())) +
             bytes_of_all(tensor.dims) + bytes_of(tensor.type) +
             bytes_of(tensor.offset.value_or(end));
      end = aligned(end + tensor.data.size());
    }
    return out;
  }
  std::string bytes() const {
    auto out = header();
    for (const auto& tensor : tensors) {
      out.resize(aligned(out.size()), '\0');
      out += tensor.data;
    }
    return out;
  }

  std::string magic = "GGUF";
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;
  std::optional<std::uint64_t> n_tensors;
  std::optional<std::uint64_t> n_keys;
  std::vector<Key> keys;
  std::vector<Tensor> tensors;

 private:
  std::uint64_t aligned(std::uint64_t size) const {
    return (size + alignment - 1) / alignment * alignment;
  }
};

} // namespace lockstep::testing
